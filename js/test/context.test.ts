import { describe, expect, test, vi } from "vitest";
import vectors from "../../tests/wire/context.json";
import { readNames, readPending, readPreview } from "../src/context-wire.js";
import { readDetails, told } from "../src/details.js";
import { STRINGS } from "../src/strings.js";
import { user } from "./fake-model.js";
import { all, draw, find, frame, input, open, press, running } from "./page.js";

const SALES = { name: "sales", kind: "DataFrame", size: 1234 };
const LOGIN = { name: "login", kind: "dict", size: 16, warning: "Look." };
const view = (pending: unknown) => ({ turn: null, revision: 1, labels: {}, pending });
const NAMES = ["sales", "wholesale", "double", "In[3]"].map((name) => ({ name, kind: "list" }));

/** Draw a chat, and wait until what is loaded for it is there. */
async function show(pending: unknown = [SALES, LOGIN], values: Record<string, unknown> = {}) {
  const drawn = draw({ _view: view(pending), ...values });
  await vi.advanceTimersByTimeAsync(0);
  return drawn;
}

async function type(root: ShadowRoot, text: string) {
  input(root).focus();
  input(root).value = text;
  input(root).setSelectionRange(text.length, text.length);
  input(root).dispatchEvent(new Event("input", { bubbles: true }));
  await vi.advanceTimersByTimeAsync(0);
}

async function mention(text: string, names: unknown = NAMES) {
  const drawn = await show(undefined, { _view: view(null) });
  await type(drawn.root, text);
  drawn.model.custom({ type: "names", list: names });
  return drawn;
}

const options = (root: ShadowRoot) =>
  all(root, "name").map((option) => option.querySelector("span")?.textContent);
const isListed = (root: ShadowRoot) => !find(root, "names").hidden;
const chips = (root: ShadowRoot) => all(root, "attached").map((chip) => chip.textContent);
const active = (root: ShadowRoot) => {
  const id = input(root).getAttribute("aria-activedescendant");
  const option = id === null ? null : root.getElementById(id);
  expect(option?.ariaSelected ?? null).toBe(id === null ? null : "true");
  return option?.querySelector("span")?.textContent;
};

describe("what goes with the next question", () => {
  test("stands above the composer by name, kind and size", async () => {
    const { root } = await show();
    expect(chips(root)).toEqual([
      "sales · DataFrame · 1,234 characters",
      "login · dict · 16 characters",
    ]);
    expect(find(root, "composer").previousElementSibling).toBe(find(root, "context"));
  });

  test("has a mark where it looks like a secret", async () => {
    const { root } = await show();
    expect(all(root, "attached").map((chip) => chip.title)).toEqual(["", "Look."]);
    expect(all(root, "interrupted-icon")).toHaveLength(1);
  });

  test("is taken away by its button, and the focus goes to what follows", async () => {
    const { model, root } = await show();
    all(root, "detach")[0]?.focus();
    all(root, "detach")[0]?.click();
    expect(model.last("detach")).toMatchObject({ name: "sales" });
    model.update({ _view: { ...view([LOGIN]), revision: 2 } });
    expect(root.activeElement).toBe(all(root, "detach")[0]);
    model.update({ _view: { ...view(undefined), revision: 3 } });
    expect(find(root, "context").hidden).toBe(true);
    expect(root.activeElement).toBe(input(root));
  });

  test("keeps its elements where nothing of it changed", async () => {
    const { model, root } = await show();
    const [before] = all(root, "attached");
    model.update({ _view: { ...view([SALES, LOGIN]), revision: 2 } });
    expect(all(root, "attached")[0]).toBe(before);
  });

  test("shows exactly what will be sent, as text", async () => {
    const { model, root } = await show();
    all(root, "attached")[1]?.click();
    expect(model.last("preview")).toMatchObject({ name: "login" });
    const text = '<context name="login">\n<img src=x onerror=alert(1)>\n</context>';
    model.custom({ type: "preview", name: "sales", text: "another" });
    expect(find(root, "preview-text").textContent).toBe("");
    model.custom({ type: "preview", name: "login", text });
    expect(find(root, "preview-text").textContent).toBe(text);
    expect(find(root, "preview").querySelector("img")).toBeNull();
    expect(find(root, "preview-warning").textContent).toBe("Look.");
    expect(find(root, "preview").ariaLabel).toBe("What will be sent of “login”");
    expect(all(root, "attached").map((chip) => chip.ariaExpanded)).toEqual(["false", "true"]);
    all(root, "attached")[1]?.click();
    expect(find(root, "preview").hidden).toBe(true);
  });

  test("is asked for anew where it was attached anew", async () => {
    const { model, root } = await show();
    all(root, "attached")[0]?.click();
    model.update({ _view: { ...view([{ ...SALES, size: 5 }]), revision: 2 } });
    expect(model.of("preview")).toHaveLength(2);
  });

  test("is closed by Escape, which stops no answer", async () => {
    const values = { ...running, _view: { ...running._view, pending: [SALES] } };
    const { model, root } = await show(undefined, values);
    find(root, "attached").click();
    find(root, "preview").focus();
    press(find(root, "preview"), "Escape");
    expect(find(root, "preview").hidden).toBe(true);
    expect(root.activeElement).toBe(find(root, "attached"));
    expect(model.of("stop")).toEqual([]);
    press(find(root, "attached"), "Escape");
    expect(model.of("stop")).toHaveLength(1);
  });

  test("says why the kernel refused", async () => {
    const { model, root } = await show();
    all(root, "detach")[0]?.click();
    model.reply(model.last("detach").nonce, "It is gone.");
    expect(find(root, "status").textContent).toBe("It is gone.");
  });

  test("is not shown without a kernel", async () => {
    const { model, root } = await show();
    model.isDead = true;
    all(root, "detach")[0]?.click();
    expect(find(root, "context").hidden).toBe(true);
    expect(input(open(model).root).disabled).toBe(false);
  });

  test("is not shown from a notebook that was saved, where no kernel answers", async () => {
    const { model, root } = await show();
    model.fire("comm_live_update");
    await vi.advanceTimersByTimeAsync(2000);
    expect(find(root, "context").hidden).toBe(true);
    model.reply("n1");
    expect(find(root, "context").hidden).toBe(false);
  });

  test("is nothing where nothing was attached", async () => {
    const { root } = await show(undefined, { _view: view(undefined) });
    expect(all(root, "context")).toEqual([]);
  });
});

describe("an @", () => {
  test("offers names, asked for once, those first that begin with what was typed", async () => {
    const { model, root } = await mention("Look at @sal");
    expect(options(root)).toEqual(["sales", "wholesale"]);
    await type(root, "Look at @");
    expect(options(root)).toEqual(["sales", "wholesale", "double", "In[3]"]);
    expect(model.of("names")).toHaveLength(1);
    expect(input(root).getAttribute("aria-controls")).toBe(find(root, "names").id);
  });

  test("says how many there are", async () => {
    const { root } = await mention("@sal");
    expect(root.querySelector('.mentions [role="status"]')?.textContent).toContain("2 to attach");
  });

  test("lets the arrow keys choose, round and round", async () => {
    const { root } = await mention("@sal");
    const seen = [active(root)];
    for (const key of ["ArrowDown", "ArrowDown", "ArrowUp"]) {
      expect(press(input(root), key).defaultPrevented).toBe(true);
      seen.push(active(root));
    }
    expect(seen).toEqual(["sales", "wholesale", "sales", "wholesale"]);
  });

  test.each(["Enter", "Tab"])("attaches by %s, and sends nothing", async (key) => {
    const { model, root } = await mention("Look at @who");
    expect(press(input(root), key).defaultPrevented).toBe(true);
    expect(model.last("attach")).toMatchObject({ name: "wholesale" });
    expect(input(root).value).toBe("Look at @wholesale ");
    expect(isListed(root)).toBe(false);
    expect(active(root)).toBeUndefined();
    expect(model.of("send")).toEqual([]);
    press(input(root), "Enter");
    expect(model.last("send")).toMatchObject({ text: "Look at @wholesale " });
  });

  test("attaches by a press, which leaves the focus in the text", async () => {
    const { model, root } = await mention("@");
    const option = all(root, "name")[2];
    const down = new MouseEvent("mousedown", { bubbles: true, cancelable: true });
    option?.dispatchEvent(down);
    expect(down.defaultPrevented).toBe(true);
    option?.click();
    expect(model.last("attach")).toMatchObject({ name: "double" });
    expect(root.activeElement).toBe(input(root));
  });

  test("attaches in the middle of a text", async () => {
    const { root } = await mention("see @sal, please");
    input(root).setSelectionRange(8, 8);
    input(root).dispatchEvent(new Event("input", { bubbles: true }));
    press(input(root), "Enter");
    expect(input(root).value).toBe("see @sales , please");
    expect(input(root).selectionStart).toBe(11);
  });

  test("is left alone after Escape, which stops no answer", async () => {
    const { model, root } = await show(undefined, running);
    await type(root, "@");
    model.custom({ type: "names", list: NAMES });
    press(input(root), "Escape");
    expect([isListed(root), model.of("stop").length]).toEqual([false, 0]);
    await type(root, "@s");
    expect(isListed(root)).toBe(false);
    await type(root, "@s and @");
    expect(isListed(root)).toBe(true);
  });

  test.each(["me@example.org", "@none of it", "@nothing", "@sales "])(
    "offers nothing for %j, and Enter sends",
    async (text) => {
      const { model, root } = await mention(text);
      expect(isListed(root)).toBe(false);
      press(input(root), "Enter");
      expect(model.last("send")).toMatchObject({ text });
    },
  );

  test("waits for the end of a composition", async () => {
    const { root } = await mention("@");
    press(input(root), "Escape");
    input(root).value = "@ @";
    input(root).dispatchEvent(new InputEvent("input", { isComposing: true }));
    expect(isListed(root)).toBe(false);
    input(root).dispatchEvent(new CompositionEvent("compositionend"));
    expect(isListed(root)).toBe(true);
    expect(press(input(root), "Enter", { isComposing: true }).defaultPrevented).toBe(false);
    expect(isListed(root)).toBe(true);
  });

  test("closes where the focus leaves", async () => {
    const { root } = await mention("@");
    input(root).blur();
    expect(isListed(root)).toBe(false);
  });

  test("does nothing in a lesson without context, and nobody is told of it", async () => {
    const _options = { lesson: { allow_context: false } };
    const { model, root } = await show(undefined, { _view: view(null), _options });
    await type(root, "@");
    expect(model.of("names")).toEqual([]);
    expect(root.querySelector(".hint")?.textContent).toBe(STRINGS.hint);
    expect(draw().root.querySelector(".hint")?.textContent).toContain(STRINGS.attachHint);
  });

  test("does nothing before the kernel has answered", async () => {
    const { model, root } = await show(undefined, { _view: view(null) });
    await type(root, "@sal");
    expect(isListed(root)).toBe(false);
    press(input(root), "Enter");
    expect(model.last("send")).toMatchObject({ text: "@sal" });
    model.reply(model.last("names").nonce, "Too often.");
    expect(find(root, "status").textContent).not.toContain("Too often.");
  });
});

describe("a message", () => {
  const context = [
    { name: "sales", kind: "DataFrame", text: "<b>1</b>" },
    { name: "", kind: "text", text: "👩🏽‍🚀" },
  ];

  test("shows what it carried, and unfolds the exact text", () => {
    const { root } = draw({ messages: [{ ...user("u1", "Why?"), context }] });
    frame();
    const folds = all(root, "attachment");
    expect(folds.map((fold) => fold.querySelector("summary")?.textContent)).toEqual([
      "sales · DataFrame · 8 characters",
      "text · 4 characters",
    ]);
    expect(folds[0]?.querySelector(".folded")?.textContent).toBe(
      '<context name="sales">\n<b>1</b>\n</context>',
    );
    expect(folds[0]?.querySelector("b")).toBeNull();
    expect(find(root, "body").nextElementSibling).toBe(folds[0]);
  });

  test.each(vectors)("$name is told as the kernel tells it", ({ item, told: expected }) => {
    expect(told(item)).toBe(expected);
  });
});

describe("what comes from outside", () => {
  test("is read as far as it is well-formed", () => {
    const long = "x".repeat(129);
    const bad = [null, 5, "sales", [], { name: 5, kind: "x" }, { name: long, kind: "x", size: 1 }];
    const good = { name: "a", kind: "b", size: 1, text: "c" };
    expect(readPending([...bad, good, good, { ...good, name: "d", size: "1" }])).toEqual([
      { name: "a", kind: "b", size: 1, warning: null },
    ]);
    expect(readPending({ length: 1 })).toEqual([]);
    expect(readNames({ type: "names", list: [...bad, good] })).toEqual([{ name: "a", kind: "b" }]);
    expect(readNames({ type: "names", list: "a" })).toBeNull();
    expect(readPreview({ type: "preview", name: "a", text: 5 })).toBeNull();
    expect(readDetails({ context: [...bad, good] }).context).toEqual([
      { name: "a", kind: "b", text: "c" },
    ]);
    expect(STRINGS.attachment).toContain("{name} · ");
  });
});

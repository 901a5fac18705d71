import { describe, expect, test, vi } from "vitest";
import { STRINGS } from "../src/strings.js";
import { assistant, user } from "./fake-model.js";
import { all, contents, draw, ended, find, frame, input, press, streaming, view } from "./page.js";

const said = {
  messages: [user("u1", "One"), assistant("a1", "**1**"), user("u2", "Two"), assistant("a2", "2")],
  _view: view,
};
const editor = (root: ShadowRoot) => find<HTMLTextAreaElement>(root, "edit-input");

describe("what is offered", () => {
  test("copying everywhere, asking again for the last answer, editing of questions", () => {
    const { root } = draw(said);
    const parts = all(root, "actions").map((row) =>
      [...row.children].map((button) => button.getAttribute("part")),
    );
    expect(parts).toEqual([
      ["copy-message", "edit", "delete"],
      ["copy-message", "delete"],
      ["copy-message", "edit", "delete"],
      ["copy-message", "again", "delete"],
    ]);
  });

  test("nothing for what is on its way", () => {
    const { root } = draw(streaming);
    expect(all(root, "actions").map((row) => row.hidden)).toEqual([false, true]);
  });

  test("only copying while a turn runs", () => {
    const { root } = draw({ ...said, isStreaming: true });
    const enabled = [...root.querySelectorAll<HTMLButtonElement>('[part="actions"] button')].filter(
      (button) => !button.disabled,
    );
    expect(new Set(enabled.map((button) => button.getAttribute("part")))).toEqual(
      new Set(["copy-message"]),
    );
  });

  test("each has a name", () => {
    const { root } = draw(said);
    for (const button of root.querySelectorAll('[part="actions"] button')) {
      expect(button.getAttribute("aria-label")).toBeTruthy();
    }
  });
});

describe("copying", () => {
  test("takes the Markdown and not what is drawn of it", async () => {
    const written: string[] = [];
    vi.stubGlobal("navigator", {
      clipboard: { writeText: (text: string) => Promise.resolve(void written.push(text)) },
    });
    const { root } = draw(said);
    all(root, "copy-message")[1]?.click();
    expect(written).toEqual(["**1**"]);
    vi.unstubAllGlobals();
  });
});

describe("asking again", () => {
  test("sends retry, and leaves the focus in the text area", () => {
    const { model, root } = draw(said);
    find(root, "again").click();
    expect(model.of("retry")).toHaveLength(1);
    expect(root.activeElement).toBe(input(root));
  });
});

describe("editing", () => {
  test("puts the question into a text area in its place, and sends what becomes of it", () => {
    const { model, root } = draw(said);
    all(root, "edit")[0]?.click();
    expect(root.activeElement).toBe(editor(root));
    expect(editor(root).value).toBe("One");
    editor(root).value = "Uno\ud83d";
    press(editor(root), "Enter");
    expect(model.last("edit")).toMatchObject({ message: "u1", text: "Uno\ufffd" });
    expect(editor(root).readOnly).toBe(true);
    model.reply(model.last("edit").nonce);
    expect(all(root, "editor")).toEqual([]);
    expect(root.activeElement).toBe(input(root));
  });

  test("keeps what was written where the kernel refuses it", () => {
    const { model, root } = draw(said);
    all(root, "edit")[0]?.click();
    editor(root).value = "Uno";
    find(root, "edit-send").click();
    model.reply(model.last("edit").nonce, "A turn is running.");
    expect(editor(root).value).toBe("Uno");
    expect(editor(root).readOnly).toBe(false);
    expect(find(root, "status").textContent).toBe("A turn is running.");
  });

  test("keeps it where the kernel does not answer", () => {
    const { model, root } = draw(said);
    all(root, "edit")[0]?.click();
    press(editor(root), "Enter");
    vi.advanceTimersByTime(5000);
    expect(model.of("edit")).toHaveLength(1);
    expect(editor(root).readOnly).toBe(false);
    expect(find(root, "status").textContent).toBe(STRINGS.unheard);
  });

  test("Shift+Enter is a new line, Escape and Cancel leave all as it was", () => {
    const { model, root } = draw(said);
    for (const leave of [
      () => press(editor(root), "Escape"),
      () => find(root, "edit-cancel").click(),
    ]) {
      all(root, "edit")[0]?.click();
      expect(press(editor(root), "Enter", { shiftKey: true }).defaultPrevented).toBe(false);
      leave();
      expect(all(root, "editor")).toEqual([]);
      expect(root.activeElement).toBe(input(root));
    }
    expect(model.of("edit")).toEqual([]);
    expect(contents(root)[0]).toBe("One");
  });

  test("blank text is not sent", () => {
    const { model, root } = draw(said);
    all(root, "edit")[0]?.click();
    editor(root).value = " \n";
    press(editor(root), "Enter");
    expect(model.of("edit")).toEqual([]);
  });

  test("Up in an empty text area edits the last question", () => {
    const { root } = draw(said);
    expect(press(input(root), "ArrowUp").defaultPrevented).toBe(true);
    expect(editor(root).value).toBe("Two");
  });

  test("Up is left to the text area where there is text, or nothing to edit", () => {
    const { root } = draw(said);
    input(root).value = "a";
    expect(press(input(root), "ArrowUp").defaultPrevented).toBe(false);
    expect(press(input(draw().root), "ArrowUp").defaultPrevented).toBe(false);
    expect(press(input(draw(streaming).root), "ArrowUp").defaultPrevented).toBe(false);
  });
});

describe("deleting", () => {
  test("asks once, and then tells the kernel", () => {
    const { model, root } = draw(said);
    const button = all(root, "delete")[1];
    button?.click();
    expect(button?.textContent).toBe(STRINGS.confirmRemove);
    expect(model.of("delete")).toEqual([]);
    button?.click();
    expect(model.last("delete")).toMatchObject({ message: "a1" });
    expect(root.activeElement).toBe(input(root));
  });

  test("forgets that it asked, in a while or when the focus goes", () => {
    const { model, root } = draw(said);
    const button = all(root, "delete")[1];
    button?.click();
    vi.advanceTimersByTime(4000);
    expect(button?.textContent).toBe("");
    button?.click();
    button?.dispatchEvent(new FocusEvent("blur"));
    button?.click();
    expect(model.of("delete")).toEqual([]);
  });

  test("shows the kernel's sentence where it is refused", () => {
    const { model, root } = draw(ended("complete"));
    const button = all(root, "delete")[0];
    button?.click();
    button?.click();
    model.reply(model.last("delete").nonce, "There is no such message.");
    frame();
    expect(find(root, "status").textContent).toBe("There is no such message.");
    expect(contents(root)).toEqual(["Hi", "He"]);
  });
});

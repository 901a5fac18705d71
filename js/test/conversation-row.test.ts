import { describe, expect, test } from "vitest";
import { STRINGS } from "../src/strings.js";
import { button, edit, list, names, panel, running, show, THREE } from "./conversation-page.js";
import { all, find, press } from "./page.js";

describe("renaming", () => {
  test("begins with the title selected, and is saved by Enter", () => {
    const { model, root, field } = edit();
    expect(root.activeElement).toBe(field);
    expect(field.value.slice(field.selectionStart ?? 0, field.selectionEnd ?? 0)).toBe("Tables");
    field.value = " Better\ud83d ";
    press(field, "Enter");
    expect(model.last("rename")).toMatchObject({ conversation: "c2", title: "Better\ufffd" });
    press(field, "Enter");
    expect(model.of("rename")).toHaveLength(1);
    list(model, [THREE[0], { ...THREE[1], title: "Better\ufffd" }]);
    model.reply(model.last("rename").nonce);
    expect(names(root)).toEqual(["Plots", "Better\ufffd"]);
    expect(root.activeElement).toBe(button(root, "conversation-rename", 1));
    expect(model.of("send")).toEqual([]);
  });

  test("is given up by Escape alone, and the list stays", () => {
    const { model, root, field } = edit(1, running);
    field.value = "Better";
    press(field, "Escape");
    expect(names(root)).toEqual(["Plots", "Tables", STRINGS.untitled]);
    expect(root.activeElement).toBe(button(root, "conversation-rename", 1));
    expect(panel(root).hidden).toBe(false);
    expect([model.of("rename"), model.of("stop")]).toEqual([[], []]);
  });

  test("has buttons for both", () => {
    const { model, root } = edit();
    find(root, "conversation-cancel").click();
    expect(root.querySelector('[part="conversation-title"]')).toBeNull();
    button(root, "conversation-rename", 1).click();
    const field = find<HTMLInputElement>(root, "conversation-title");
    field.value = "Better";
    find(root, "conversation-save").click();
    expect(model.last("rename")).toMatchObject({ title: "Better" });
    expect(root.activeElement).toBe(field);
  });

  test("keeps what was typed, and says why, when it is refused", () => {
    const { model, root, field } = edit();
    field.value = "Better";
    press(field, "Enter");
    model.reply(model.last("rename").nonce, "Too late.");
    expect(root.activeElement).toBe(field);
    expect([field.value, field.readOnly]).toEqual(["Better", false]);
    expect(find(root, "conversation-notice").textContent).toBe("Too late.");
  });

  test("to nothing is not sent, and to the same is nothing", () => {
    const { model, root, field } = edit();
    field.value = "  ";
    press(field, "Enter");
    expect(find(root, "conversation-notice").textContent).toBe(STRINGS.blankTitle);
    field.value = "Tables ";
    press(field, "Enter");
    expect(root.querySelector('[part="conversation-title"]')).toBeNull();
    expect(model.of("rename")).toEqual([]);
  });

  test.each([{ isComposing: true }, { keyCode: 229 }])(
    "leaves the keys of an input method to it: %j",
    (init) => {
      const { model, root, field } = edit();
      field.value = "ひょう";
      press(field, "Enter", init);
      press(field, "Escape", init);
      expect(model.of("rename")).toEqual([]);
      expect(root.activeElement).toBe(field);
    },
  );

  test("is one at a time, and over when the list closes", () => {
    const { root } = edit(0);
    button(root, "conversation-rename").click();
    expect(all(root, "conversation-title")).toHaveLength(1);
    press(find(root, "conversations"), "Escape");
    find(root, "conversations").click();
    expect(all(root, "conversation-title")).toEqual([]);
  });
});

describe("deleting", () => {
  test("asks once more, with the focus on the way out", () => {
    const { model, root } = show();
    button(root, "conversation-remove", 1).click();
    const question = panel(root).querySelector('[role="group"]');
    expect(question?.getAttribute("aria-label")).toBe("Delete “Tables”");
    expect(question?.textContent).toContain(STRINGS.confirmRemove);
    expect(root.activeElement).toBe(find(root, "conversation-keep"));
    press(find(root, "conversation-keep"), "Escape");
    expect(root.activeElement).toBe(button(root, "conversation-remove", 1));
    button(root, "conversation-remove", 1).click();
    find(root, "conversation-keep").click();
    expect(model.of("remove")).toEqual([]);
    expect(panel(root).hidden).toBe(false);
  });

  test("is done when it is confirmed, and goes on with the next row", () => {
    const { model, root } = show();
    button(root, "conversation-remove", 1).click();
    find(root, "conversation-confirm").click();
    expect(model.last("remove")).toMatchObject({ conversation: "c2" });
    expect(all(root, "conversation")[1]?.querySelector("time")?.textContent).toBe(STRINGS.removing);
    list(model, [THREE[0], THREE[2]]);
    model.reply(model.last("remove").nonce);
    expect(names(root)).toEqual(["Plots", STRINGS.untitled]);
    expect(root.activeElement).toBe(button(root, "conversation-open", 1));
  });

  test("says why nothing was deleted", () => {
    const { model, root } = show();
    button(root, "conversation-remove").click();
    find(root, "conversation-confirm").click();
    model.reply(model.last("remove").nonce, "Not yours.");
    expect(find(root, "conversation-notice").textContent).toBe("Not yours.");
    expect(names(root)).toHaveLength(3);
  });
});

describe("the keyboard", () => {
  test("goes from row to row by arrows, and to the ends", () => {
    const { root } = show();
    const steps = ["ArrowDown", "ArrowDown", "ArrowDown", "ArrowUp", "Home", "ArrowUp", "End"];
    const at = steps.map((key) => {
      press(root.activeElement ?? root, key);
      return all(root, "conversation-open").indexOf(root.activeElement as HTMLElement);
    });
    expect(at).toEqual([1, 2, 2, 1, 0, 0, 2]);
  });

  test("keeps its arrows in a text field", () => {
    const { root, field } = edit();
    expect(press(field, "Home").defaultPrevented).toBe(false);
    expect(root.activeElement).toBe(field);
  });

  test("meets names on all that it reaches", () => {
    const { root } = show();
    const named = [...panel(root).querySelectorAll("button")].map(
      (each) => each.getAttribute("aria-label") ?? each.querySelector(".name")?.textContent,
    );
    expect(named.slice(0, 3)).toEqual(["Plots", "Rename “Plots”", "Delete “Plots”"]);
    expect(named.every((name) => name)).toBe(true);
    expect(panel(root).getAttribute("role")).toBe("dialog");
    expect(find(root, "conversations").getAttribute("aria-haspopup")).toBe("dialog");
  });
});

import { describe, expect, test, vi } from "vitest";
import { STRINGS } from "../src/strings.js";
import { assistant } from "./fake-model.js";
import {
  all,
  contents,
  draw,
  ending,
  find,
  frame,
  input,
  open,
  press,
  question,
  streaming,
} from "./page.js";

describe("sending", () => {
  test("Enter sends what was typed and empties the text area", () => {
    const { model, root } = draw();
    input(root).value = "Hi";
    expect(press(input(root), "Enter").defaultPrevented).toBe(true);
    expect(model.last("send")).toMatchObject({ text: "Hi" });
    expect(input(root).value).toBe("");
  });

  test("the button sends too, and leaves the focus in the text area", () => {
    const { model, root } = draw();
    input(root).value = "Hi";
    find(root, "send").click();
    expect(model.last("send")).toMatchObject({ text: "Hi" });
    expect(root.activeElement).toBe(input(root));
  });

  test("Shift+Enter is left to the text area", () => {
    const { model, root } = draw();
    input(root).value = "Hi";
    expect(press(input(root), "Enter", { shiftKey: true }).defaultPrevented).toBe(false);
    expect(model.of("send")).toEqual([]);
  });

  test.each([
    ["isComposing", { isComposing: true }],
    ["key code 229", { keyCode: 229 }],
  ])("Enter that ends a composition (%s) does not send", (_, init) => {
    const { model, root } = draw();
    input(root).value = "日本";
    expect(press(input(root), "Enter", init).defaultPrevented).toBe(false);
    expect(model.of("send")).toEqual([]);
  });

  test("blank text is not sent", () => {
    const { model, root } = draw();
    input(root).value = " \n ";
    press(input(root), "Enter");
    find(root, "send").click();
    expect(model.of("send")).toEqual([]);
    expect(input(root).value).toBe(" \n ");
  });

  test("text that is too long stays, and says so", () => {
    const { model, root } = draw();
    input(root).value = "x".repeat(1_000_001);
    press(input(root), "Enter");
    expect(model.of("send")).toEqual([]);
    expect(input(root).value).toHaveLength(1_000_001);
    expect(find(root, "status").textContent).toBe(STRINGS.tooLong);
    input(root).value = "x";
    input(root).dispatchEvent(new Event("input"));
    expect(find(root, "status").textContent).toBe("");
  });

  test("the question keeps its element when it becomes the kernel's", () => {
    const { model, root } = draw();
    input(root).value = "Hi";
    press(input(root), "Enter");
    frame();
    const [pending] = all(root, "message");
    expect(pending?.dataset).toMatchObject({ role: "user", status: "pending" });
    model.patch("t1", [question]);
    frame();
    expect(contents(root)).toEqual(["Hi", ""]);
    expect(all(root, "message")[0]).toBe(pending);
    expect(pending?.dataset.status).toBe("complete");
  });

  test("a refused question returns in front of what was typed since", () => {
    const { model, root } = draw();
    input(root).value = "first";
    press(input(root), "Enter");
    input(root).value = "second";
    model.reply(model.last("send").nonce, "A turn is running.");
    frame();
    expect(input(root).value).toBe("first\nsecond");
    expect(find(root, "status").textContent).toBe("A turn is running.");
    expect(all(root, "message")).toEqual([]);
  });

  test("a refused question returns to the view that asked it", () => {
    const { model, root } = draw();
    const other = open(model).root;
    input(other).value = "Hi";
    press(input(other), "Enter");
    model.reply(model.last("send").nonce, "No.");
    expect([input(root).value, input(other).value]).toEqual(["", "Hi"]);
  });

  test("what was typed survives the closing of the view", () => {
    const { model, root, close } = draw();
    input(root).value = "unsent";
    close();
    expect(input(open(model).root).value).toBe("unsent");
  });
});

describe("stopping", () => {
  test("Stop takes the place of Send while a turn runs", () => {
    const { model, root } = draw(streaming);
    const visible = () => [find(root, "send").hidden, find(root, "stop").hidden];
    expect(visible()).toEqual([true, false]);
    model.end("t1", assistant("a1", "Hello"));
    expect(visible()).toEqual([false, true]);
  });

  test("Stop freezes the text at once and names the turn", () => {
    const { model, el, root } = draw(streaming);
    find(root, "stop").click();
    expect(el.dataset.phase).toBe("stopping");
    expect(model.last("stop")).toMatchObject({ turn: "t1" });
    model.append("t1", 2, "llo");
    frame();
    expect(contents(root)[1]).toBe("He");
    model.end("t1", assistant("a1", "Hello", "stopped"));
    frame();
    expect(contents(root)[1]).toBe("Hello");
    expect(all(root, "message")[1]?.dataset.status).toBe("stopped");
  });

  test("Escape stops from anywhere in the view", () => {
    const { model, root } = draw(streaming);
    press(find(root, "log"), "Escape");
    expect(model.of("stop")).toHaveLength(1);
  });

  test("Escape that ends a composition stops nothing", () => {
    const { model, root } = draw(streaming);
    press(input(root), "Escape", { isComposing: true });
    expect(model.of("stop")).toEqual([]);
  });
});

describe("keys", () => {
  test.each(["keydown", "keyup", "keypress"])("a %s does not reach the notebook", (type) => {
    const { root } = draw();
    const heard = vi.fn();
    document.body.addEventListener(type, heard);
    const event = new KeyboardEvent(type, { key: "d", bubbles: true, composed: true });
    input(root).dispatchEvent(event);
    expect(heard).not.toHaveBeenCalled();
  });

  test("the host's shortcuts are suppressed, but for its command palette and Save", () => {
    const { el, root } = draw();
    const seen: boolean[] = [];
    const look = () => seen.push(el.hasAttribute("data-lm-suppress-shortcuts"));
    document.addEventListener("keydown", look, { capture: true, signal: ending.signal });
    const heard = vi.fn();
    document.body.addEventListener("keydown", heard);
    press(input(root), "d");
    press(input(root), "C", { ctrlKey: true, shiftKey: true });
    press(input(root), "Enter", { ctrlKey: true, shiftKey: true });
    press(input(root), "s", { ctrlKey: true });
    press(input(root), "s", { metaKey: true });
    press(input(root), "s", { ctrlKey: true, altKey: true });
    press(input(root), "s");
    expect(seen).toEqual([true, false, true, false, false, true, true]);
    expect(heard).toHaveBeenCalledTimes(3);
  });
});

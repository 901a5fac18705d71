import { describe, expect, test } from "vitest";
import german from "../../src/printer_widget/locales/de.json";
import { readLesson } from "../src/lesson.js";
import { readOptions } from "../src/options.js";
import { STRINGS } from "../src/strings.js";
import { readLeft } from "../src/wire.js";
import { user } from "./fake-model.js";
import { all, draw, find, frame, input, open, press } from "./page.js";

const lesson = { max_turns: 3, max_characters: 10, allow_context: true, log: null };
const start = (left: number, more: object = {}) => ({
  _options: { lesson: { ...lesson, ...more } },
  _view: { turn: null, revision: 1, labels: {}, left },
});
const line = (root: ShadowRoot) => root.querySelector<HTMLElement>(".lesson");

function type(root: ShadowRoot, text: string) {
  input(root).value = text;
  input(root).dispatchEvent(new Event("input"));
}

describe("questions", () => {
  test("are counted down beside where they are written, and said to screen readers", () => {
    const { model, root } = draw(start(3));
    const left = find(root, "left");
    expect(left.textContent).toBe("3 of 3 questions left");
    expect(left.role).toBe("status");
    expect(input(root).getAttribute("aria-describedby")).toContain(left.id);
    const view = { turn: "t1", revision: 2, labels: {}, left: 2 };
    const insert = [user("u1", "Hi")];
    const patch = { type: "patch", base: 1, at: 0, remove: 0, insert, isStreaming: true, view };
    model.custom(patch);
    expect(left.textContent).toBe("2 of 3 questions left");
  });

  test("are no longer asked when none is left, and the focus stays", () => {
    const { model, root } = draw(start(0));
    expect(find(root, "left").textContent).toBe(STRINGS.noQuestions);
    input(root).focus();
    type(root, "Hi");
    press(input(root), "Enter");
    find(root, "send").click();
    expect(model.of("send")).toEqual([]);
    expect(input(root).readOnly).toBe(true);
    expect(input(root).disabled).toBe(false);
    expect((find(root, "send") as HTMLButtonElement).disabled).toBe(true);
    expect(root.activeElement).toBe(input(root));
  });

  test("can be stopped while the last one is answered", () => {
    const { model, root } = draw({
      ...start(0),
      isStreaming: true,
      messages: [user("u1", "Hi")],
      _view: { turn: "t1", revision: 1, labels: {}, left: 0 },
    });
    press(input(root), "Escape");
    expect(model.last("stop")).toMatchObject({ turn: "t1" });
  });

  test("cannot be asked again or changed when none is left", () => {
    const said = [user("u1", "Hi"), { ...user("a1", "He"), role: "assistant", status: "stopped" }];
    const { root } = draw({ ...start(0), messages: said });
    frame();
    expect(all(root, "retry")).toEqual([]);
    expect((find(root, "edit") as HTMLButtonElement).disabled).toBe(true);
  });

  test("are given back by the kernel", () => {
    const { model, root } = draw(start(0));
    model.update({ _view: { turn: null, revision: 2, labels: {}, left: 1 } });
    expect(find(root, "left").textContent).toBe("1 of 3 questions left");
    expect(input(root).readOnly).toBe(false);
  });
});

describe("the length of a question", () => {
  test("is told near the limit and beyond it, in characters as the kernel counts them", () => {
    const { root } = draw(start(3));
    const length = () => find(root, "length").textContent;
    type(root, "1234567");
    expect(length()).toBe("");
    type(root, "12345678");
    expect(length()).toBe("8 of 10 characters");
    expect(input(root).ariaInvalid).toBe("false");
    type(root, "😀".repeat(10));
    expect(length()).toBe("10 of 10 characters");
    expect(input(root).ariaInvalid).toBe("false");
    type(root, "😀".repeat(11));
    expect(length()).toBe("11 of 10 characters");
    expect(input(root).ariaInvalid).toBe("true");
    // Said with each letter, it would drown what is written.
    expect(find(root, "length").role).toBeNull();
  });

  test("beyond the limit keeps the question where it is, with a sentence", () => {
    const { model, root } = draw(start(3));
    type(root, "12345678901");
    press(input(root), "Enter");
    expect(model.of("send")).toEqual([]);
    expect(input(root).value).toBe("12345678901");
    expect(find(root, "status").textContent).toBe(
      "This question is too long: 11 of 10 characters.",
    );
    type(root, "1234567890");
    press(input(root), "Enter");
    expect(model.last("send")).toMatchObject({ text: "1234567890" });
    expect(find(root, "length").textContent).toBe("");
  });

  test("of a draft is told in the view that takes it over", () => {
    const { model, root, close } = draw(start(3));
    type(root, "12345678901");
    close();
    expect(find(open(model).root, "length").textContent).toBe("11 of 10 characters");
  });
});

describe("a log", () => {
  test("is told, with its name as text", () => {
    const { root } = draw(start(3, { log: "<b>answers</b>.jsonl" }));
    const said = all(root, "notice").map((notice) => notice.textContent);
    expect(said).toContain("Your questions and the answers are logged to <b>answers</b>.jsonl.");
    expect(root.querySelector("b")).toBeNull();
  });

  test("is told in the language of the view, however long its name is", () => {
    const path = "a/".repeat(300);
    const { root } = draw({ _options: { strings: german, lesson: { ...lesson, log: path } } });
    expect(all(root, "notice").at(-1)?.textContent).toBe(german.logged.replace("{path}", path));
  });
});

describe("without a lesson", () => {
  test("nothing is limited, and nothing said", () => {
    const { model, root } = draw();
    expect(line(root)?.hidden).toBe(true);
    expect(all(root, "notice").every((notice) => notice.hidden)).toBe(true);
    expect(input(root).hasAttribute("aria-describedby")).toBe(false);
    type(root, "x".repeat(10_000));
    press(input(root), "Enter");
    expect(model.of("send").length).toBe(1);
  });

  test.each([
    null,
    5,
    "x",
    [],
    { max_turns: -1, max_characters: "9", log: 5 },
    { max_turns: 1.5, max_characters: Number.NaN, log: " " },
  ])("%j limits nothing", (raw) => {
    const none = { maxTurns: null, maxCharacters: null, log: null };
    expect(readLesson(raw)).toEqual(none);
    expect(readOptions({ lesson: raw }).lesson).toEqual(none);
  });

  test.each([null, -1, 0.5, "3", Number.NaN, {}])("%j is no number of questions", (left) => {
    expect(readLeft({ turn: null, revision: 0, labels: {}, left })).toBeNull();
  });
});

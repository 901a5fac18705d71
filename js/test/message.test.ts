import { describe, expect, test } from "vitest";
import { NO_DETAILS } from "../src/details.js";
import { Fold } from "../src/fold.js";
import { MessageView } from "../src/message.js";
import { readOptions } from "../src/options.js";
import type { Item } from "../src/store.js";
import { STRINGS } from "../src/strings.js";
import { assistant } from "./fake-model.js";
import { all, draw, find, question, view } from "./page.js";

const commands = { ask() {}, retry() {}, edit() {}, remove() {}, showRest() {}, leave() {} };
const live: Item = {
  key: "turn t1",
  id: null,
  role: "assistant",
  status: "streaming",
  content: "",
  note: null,
  reasoning: null,
  details: NO_DETAILS,
  isCut: false,
};
const said = (more: object, options = {}) =>
  draw({
    messages: [question, { ...assistant("a1", "He"), ...more }],
    _view: view,
    _options: options,
  }).root;

describe("reasoning", () => {
  test("is folded above the answer, and is plain text", () => {
    const root = said({ reasoning: "First **this**,\n<b>then</b> that." });
    const fold = find<HTMLDetailsElement>(root, "reasoning");
    expect(fold.open).toBe(false);
    expect(fold.querySelector("summary")?.textContent).toBe(STRINGS.reasoning);
    expect(fold.lastElementChild?.textContent).toBe("First **this**,\n<b>then</b> that.");
    expect(fold.querySelector("b")).toBeNull();
    expect(fold.nextElementSibling?.getAttribute("part")).toBe("body");
  });

  test("stands for the dots while it streams, grows, and stays unfolded", () => {
    const message = new MessageView(commands, readOptions(null));
    const thinking = message.element.querySelector<HTMLElement>('[part="thinking"]');
    message.draw(live, false, true);
    expect(thinking?.hidden).toBe(false);
    message.draw({ ...live, reasoning: "Let me" }, false, true);
    const fold = message.element.querySelector("details");
    const text = fold?.lastElementChild?.firstChild;
    expect(thinking?.hidden).toBe(true);
    expect(fold?.querySelector("summary")?.textContent).toBe(STRINGS.reasoningNow);
    fold?.toggleAttribute("open", true);
    message.draw({ ...live, reasoning: "Let me see." }, false, true);
    message.draw({ ...live, reasoning: "Let me see.", content: "Yes." }, false, true);
    expect(text?.textContent).toBe("Let me see.");
    expect(fold?.lastElementChild?.firstChild).toBe(text);
    expect(fold?.querySelector("summary")?.textContent).toBe(STRINGS.reasoning);
    expect(fold?.open).toBe(true);
    message.draw(live, false, true);
    expect(message.element.querySelector("details")).toBeNull();
  });

  test("is nothing where it is blank or no text", () => {
    for (const reasoning of [undefined, null, "", " \n", 5, ["x"]]) {
      expect(all(said({ reasoning }), "reasoning")).toEqual([]);
    }
  });

  test("that does not go on as before is drawn anew", () => {
    const fold = new Fold("reasoning");
    fold.show("a", "one");
    fold.show("b", "two");
    expect(fold.element.textContent).toBe("btwo");
  });
});

test("calls of tools are lines, in their order, that unfold to what was given", () => {
  const tools = [
    { name: "search", arguments: '{"query": "<i>mean</i>"}' },
    { name: "add", arguments: { a: 1 } },
    { name: "", arguments: "" },
    "no tool",
  ];
  const root = said({ tools });
  expect(all(root, "tool").map((one) => one.querySelector("summary")?.textContent)).toEqual([
    "Used search",
    "Used add",
  ]);
  expect(all(root, "tool").map((one) => one.lastElementChild?.textContent)).toEqual([
    '{"query": "<i>mean</i>"}',
    '{\n  "a": 1\n}',
  ]);
  expect(all(root, "tool").every((one) => !(one as HTMLDetailsElement).open)).toBe(true);
});

test("a note is said below an answer that did not fail", () => {
  const root = said({ note: "A limit cut it short." });
  expect(find(root, "note").textContent).toBe("A limit cut it short.");
  expect(all(said({ note: "x", error: "The line broke.", status: "interrupted" }), "note")).toEqual(
    [],
  );
});

describe("about a message", () => {
  const about = (root: ShadowRoot) => all(root, "about")[1];
  const usage = { input_tokens: 1234, output_tokens: 5 };
  const timestamp = "2026-11-22T15:40:00.000+00:00";

  test("its model, its usage and its time are said, in the chat's language", () => {
    const root = said({ model: "m-1", usage, timestamp }, { locale: "de" });
    const format = new Intl.DateTimeFormat("de", { dateStyle: "medium", timeStyle: "short" });
    expect(about(root)?.textContent).toBe(
      `m-1 · 1.234 tokens in, 5 out · ${format.format(new Date(timestamp))}`,
    );
    expect(about(root)?.querySelector("time")?.dateTime).toBe("2026-11-22T15:40:00.000Z");
  });

  test("what is unknown is left out", () => {
    expect(about(said({}))?.textContent).toBe("");
    expect(about(said({ model: "m-1", timestamp: "yesterday" }))?.textContent).toBe("m-1");
    expect(about(said({ usage: { input_tokens: -1, output_tokens: "x" } }))?.textContent).toBe("");
  });
});

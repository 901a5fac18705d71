import { describe, expect, test, vi } from "vitest";
import { MarkdownText } from "../src/markdown-text.js";
import { GFM, MATH } from "./gfm.js";
import { readSpec } from "./spec.js";

// The sanitiser takes most of the time in jsdom, and makes no difference between the two.
vi.mock("../src/sanitise.js", () => ({
  sanitise: (html: string) => document.createRange().createContextualFragment(html),
}));

function whole(text: string): Element {
  const shown = new MarkdownText();
  shown.show(text, true);
  return shown.element;
}

function expectSame(streamed: Element, expected: Element, how: string) {
  if (streamed.isEqualNode(expected)) return;
  expect.soft(streamed.innerHTML, how).toBe(expected.innerHTML);
  expect.soft(streamed.isEqualNode(expected), `${how}: text nodes`).toBe(true);
}

const examples = [
  ...readSpec().map(({ markdown, number, section }) => [`${number} ${section}`, markdown] as const),
  ...GFM.map((markdown, i) => [`GFM ${i}`, markdown] as const),
  ...MATH.map((markdown, i) => [`math ${i}`, markdown] as const),
];

describe("a text that was streamed is drawn as one that was there at once", () => {
  test.each(examples)("cut anywhere: %s", (_, text) => {
    const expected = whole(text);
    for (let cut = 0; cut < text.length; cut += 1) {
      const shown = new MarkdownText();
      shown.show(text.slice(0, cut), false);
      shown.show(text, true);
      expectSame(shown.element, expected, `cut at ${cut}`);
    }
  });

  test.each(examples)("letter by letter: %s", (_, text) => {
    const shown = new MarkdownText();
    for (let end = 0; end <= text.length; end += 1) {
      shown.show(text.slice(0, end), false);
      const fresh = new MarkdownText();
      fresh.show(text.slice(0, end), false);
      expectSame(shown.element, fresh.element, `before ${end}`);
    }
    shown.show(text, true);
    expectSame(shown.element, whole(text), "at the end");
  });
});

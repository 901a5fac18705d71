import { expect, test, vi } from "vitest";
import { chunks } from "../src/chunks.js";
import { MarkdownText } from "../src/markdown-text.js";

// The sanitiser takes most of the time in jsdom, and makes no difference between the two.
vi.mock("../src/sanitise.js", () => ({
  sanitise: (html: string) => document.createRange().createContextualFragment(html),
}));

const sentence =
  'A word with `code_it`, a [link](https://a.example "its title") and **two words**. ';
const long: readonly [string, string][] = [
  ["a paragraph", sentence.repeat(60)],
  ["a paragraph of lines", `${sentence}\n`.repeat(60)],
  ["a heading", `# ${sentence.repeat(40)}\n\nend`],
  ["a list", `- ${sentence}\n`.repeat(60)],
  ["a list that becomes loose", `${`- ${sentence}\n`.repeat(20)}\n- last\n`],
  ["an item", `- all\n${`  - ${sentence}\n`.repeat(40)}`],
  ["a quote", `> ${sentence}\n`.repeat(60)],
  ["a table", `| a | b |\n|---|---|\n${`| ${sentence} | b |\n`.repeat(40)}`],
  ["code", `\`\`\`py\n${"call(1, 2)\n".repeat(600)}\`\`\`\n`],
  ["code without a line end", `\`\`\`\n${"x".repeat(9000)}`],
  ["what is never defined", `${"[a][b] ".repeat(600)}\n\nend`],
  ["what is never defined, to the end", "[a][b] ".repeat(600)],
  [
    "what is defined at the end",
    `${"[a][b] [^c] ".repeat(200)}\n\n[b]: https://b.example\n[^c]: c`,
  ],
  ["an opener that nothing closes", `[a ${"*b c ".repeat(3000)}`],
  ["formulas", "With $a_i = b * c$ and \\(x [ y\\), it costs $5 or $6. ".repeat(80)],
  ["formulas that are long", `It is $$\\frac{1}{2}${" + *x".repeat(400)}$$ or so. `.repeat(8)],
  ["a dollar that nothing closes", `It costs $x ${"and so on ".repeat(1500)}`],
  ["words without spaces", "😀".repeat(8000)],
];

test.each(long)("%s is drawn the same, streamed or at once", (_, text) => {
  const streamed = new MarkdownText();
  for (let end = 0; end < text.length; end += 98) streamed.show(text.slice(0, end), false);
  streamed.show(text, false);
  streamed.show(text, true);
  const whole = new MarkdownText();
  whole.show(text, true);
  expect(streamed.element.innerHTML).toBe(whole.element.innerHTML);
  expect(streamed.element.isEqualNode(whole.element)).toBe(true);
});

test("of a long paragraph what is drawn once stays", () => {
  const shown = new MarkdownText();
  shown.show(sentence.repeat(40), false);
  const nodes = [...(shown.element.firstChild?.childNodes ?? [])].slice(0, 40);
  shown.show(sentence.repeat(60), false);
  expect([...(shown.element.firstChild?.childNodes ?? [])].slice(0, 40)).toEqual(nodes);
});

test("a settled item, row or paragraph is never touched again", () => {
  const shown = new MarkdownText();
  shown.show("- a\n- b\n- c", false);
  const [first, second] = shown.element.querySelectorAll("li");
  shown.show("- a\n- b\n- c\n- d **e", false);
  shown.show("- a\n- b\n- c\n- d **e**\n\nend", true);
  expect([...shown.element.querySelectorAll("li")].slice(0, 2)).toEqual([first, second]);
});

test("cuts are where no marker is open, and the same whatever comes after", () => {
  const text = sentence.repeat(80);
  const cut = chunks(text);
  expect(cut.join("")).toBe(text);
  expect(cut.length).toBeGreaterThan(3);
  for (const part of cut.slice(0, -1)) expect(part).toMatch(/\s$/);
  expect(chunks(text.slice(0, 3500))[0]).toBe(cut[0]);
});

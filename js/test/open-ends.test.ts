import { expect, test } from "vitest";
import { MarkdownText } from "../src/markdown-text.js";

/** What a reader sees of an answer of which no more has come yet. */
function seen(text: string): string {
  const shown = new MarkdownText();
  shown.show(text, false);
  for (const control of shown.element.querySelectorAll("button")) control.remove();
  return shown.element.innerHTML.replaceAll(
    / (?:role|aria-label|tabindex|part|title|target|rel)="[^"]*"/g,
    "",
  );
}

test.each([
  ["emphasis", "a **bo", "<p>a <strong>bo</strong></p>"],
  ["emphasis in emphasis", "**a *b", "<p><strong>a <em>b</em></strong></p>"],
  ["half a marker at its end", "**bold*", "<p><strong>bold</strong></p>"],
  ["a marker alone", "a **", "<p>a</p>"],
  ["strikethrough", "a ~~b", "<p>a <del>b</del></p>"],
  ["inline code", "a `b c", "<p>a <code>b c</code></p>"],
  ["a backtick alone", "a `", "<p>a</p>"],
  ["a tag", "H<sub>2", "<p>H<sub>2</sub></p>"],
  ["half a tag", "H<su", "<p>H</p>"],
  ["half an entity", "a &am", "<p>a</p>"],
  ["a backslash", "a \\", "<p>a</p>"],
  ["a link's text", "see [the do", "<p>see the do</p>"],
  ["half an address", "see [docs](https://exam", "<p>see <a>docs</a></p>"],
  ["half a title", 'see [docs](https://a.example "Ti', "<p>see <a>docs</a></p>"],
  ["half a label", "see [docs][re", "<p>see <a>docs</a></p>"],
  ["a label that may be defined later", "see [docs][ref] now", "<p>see <a>docs</a> now</p>"],
  ["half a bare address", "see https://exam", "<p>see https://exam</p>"],
  ["half an image", "![a pl", "<p>a pl</p>"],
  ["a dollar alone", "a $", "<p>a</p>"],
  ["half a formula", "a **b** $x^2 + ", "<p>a <strong>b</strong></p>"],
  ["a formula that may be a price", "a $20-$", "<p>a</p>"],
  ["a formula in emphasis", "a **b $x", "<p>a <strong>b</strong></p>"],
  ["half a formula in brackets", "a \\(x_1 +", "<p>a</p>"],
  ["half a formula on lines of its own", "a\n$$\n- x\n= y", "<p>a</p>"],
  ["half a formula's end", "a $$x$", "<p>a</p>"],
  ["half a footnote", "a[^no", "<p>a</p>"],
  ["the sign of a heading", "a\n\n##", "<p>a</p>"],
  ["the sign of an item", "a\n-", "<p>a</p>"],
  ["what may be an item's number", "a\n\n12", "<p>a</p>"],
  ["an item without text", "- a\n- ", "<ul><li><p>a</p></li></ul>"],
  ["half an underline", "a\n--", "<p>a</p>"],
  ["half a box", "- [", ""],
  ["a box without text", "- [x", ""],
  ["half a fence", "a\n\n```py", "<p>a</p>"],
  ["half a definition", "a\n\n[ref]: https://ex", "<p>a</p>"],
  ["half a footnote's label", "a\n\n[^1", "<p>a</p>"],
])("withholds or closes %s", (_, text, expected) => {
  expect(seen(text)).toBe(expected);
});

test("the header of a table waits for the line below", () => {
  expect(seen("a\n\n| b | c |")).toBe("<p>a</p>");
  expect(seen("a\n\n| b | c |\n")).toBe("<p>a</p>");
  expect(seen("a\n\n| b | c |\n|")).toBe("<p>a</p>");
  const table = "<th>b</th><th>c</th>";
  expect(seen("a\n\n| b | c |\n|-")).toContain(table);
  expect(seen("a\n\n| b | c |\n|---|--")).toContain(table);
  expect(seen("a\n\n| b | c |\n|---|---|\n| **d")).toContain(
    "<td><strong>d</strong></td><td></td>",
  );
});

test("half a closing fence is no code", () => {
  expect(seen("```\na\n``")).toContain(">a</span>");
});

test("a marker that nothing has closed for long is the sign that it is", () => {
  expect(seen(`5 *x ${"and so on ".repeat(40)}`)).toContain("<p>5 *x and");
});

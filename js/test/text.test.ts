import { expect, test } from "vitest";
import { MarkdownText } from "../src/markdown-text.js";
import { PlainText } from "../src/text.js";

test("plain text is the text, whatever is in it", () => {
  const shown = new PlainText();
  const text = "<b>*A*</b> line.\n\n\nAnother 😀 line\twith a tab.\r\n";
  shown.show(text);
  expect(shown.element.textContent).toBe(text);
  expect(shown.element.childElementCount).toBe(0);
  shown.show("Hello");
  expect(shown.element.textContent).toBe("Hello");
});

test("the source is the text drawn so far, exactly", () => {
  const text = "# Hi\r\n\r\n**bo";
  for (const shown of [new PlainText(), new MarkdownText()]) {
    expect(shown.element.source).toBe("");
    shown.show(text, false);
    expect(shown.element.source).toBe(text);
    shown.show("", true);
    expect(shown.element.source).toBe("");
  }
});

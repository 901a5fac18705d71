import { expect, test } from "vitest";
import { PlainText } from "../src/text.js";

test("text is conserved at every step, wherever it is cut", () => {
  const whole = "A line.\n\n\nAnother 😀 line\twith a tab.\r\n".repeat(150);
  for (const step of [1, 7, 501, 4096]) {
    const text = new PlainText();
    for (let end = 0; end < whole.length; end += step) {
      text.show(whole.slice(0, end));
      expect(text.element.textContent === whole.slice(0, end)).toBe(true);
    }
    text.show(whole);
    expect(text.element.textContent === whole).toBe(true);
  }
});

test("growing text touches neither closed blocks nor the tail's own node", () => {
  const line = `${"x".repeat(99)}\n`;
  const text = new PlainText();
  text.show(line.repeat(50));
  const nodes = [...text.element.childNodes];
  const tail = nodes.at(-1)?.firstChild;
  expect(nodes.length).toBeGreaterThan(1);
  text.show(`${line.repeat(50)}more`);
  expect([...text.element.childNodes]).toEqual(nodes);
  expect(text.element.lastChild?.firstChild).toBe(tail);
});

test("no block ends in a newline that is drawn", () => {
  const text = new PlainText();
  text.show(`${"x".repeat(4000)}\n\n\n`);
  const block = text.element.querySelector(".block");
  expect(block?.textContent).toBe("x".repeat(4000));
});

test("text that is not a continuation replaces what was shown", () => {
  const text = new PlainText();
  text.show("Hello, world");
  text.show("Hello");
  expect(text.element.textContent).toBe("Hello");
  text.show("");
  expect(text.element.textContent).toBe("");
});

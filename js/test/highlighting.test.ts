import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { provideAsset } from "../src/assets.js";
import { MarkdownText } from "../src/markdown-text.js";
import { drawTokens } from "../src/token-spans.js";
import { tokenise } from "../src/tokens.js";

const asked: string[] = [];

// There are no workers in jsdom; tests/browser/test_assets.py has one.
provideAsset("highlight", {
  css: "",
  drawTokens,
  tokenise: (code, language) => {
    asked.push(code);
    return Promise.resolve(tokenise(code, language));
  },
});

const TEXT = [
  "```python\nif a:\n    b = 'c'\n```",
  "- item\n\n  ```js\n  let a = 1\n  ```",
  "> ```sql\n> select 1\n> ```",
  "~~~~text\nif a\n~~~~",
  "    indented = 1",
  "[^1]\n\n[^1]: note\n\n    ```rust\n    fn main() {}\n    ```",
  "```py\nwhile True:\n  pass",
].join("\n\nA paragraph.\n\n");

function make(): MarkdownText {
  const made = new MarkdownText();
  const host = document.createElement("div");
  document.body.append(host);
  host.attachShadow({ mode: "open" }).append(made.element);
  return made;
}

const tokens = ({ element }: MarkdownText) =>
  [...element.querySelectorAll("[part^=token]")].map((token) => token.textContent);
const settle = () => vi.advanceTimersByTimeAsync(1000);

beforeEach(() => {
  vi.useFakeTimers();
  asked.length = 0;
});
afterEach(() => {
  vi.useRealTimers();
  document.body.replaceChildren();
});

describe("code", () => {
  test("is coloured the same, streamed or at once, and its letters stay", async () => {
    const whole = make();
    whole.show(TEXT, true);
    const plain = whole.element.textContent;
    await settle();
    expect(whole.element.textContent).toBe(plain);
    expect(tokens(whole)).toEqual([
      "if",
      "'c'",
      "let",
      "1",
      "select",
      "1",
      "while",
      "True",
      "pass",
      "fn",
      "main",
    ]);
    for (const step of [1, 7]) {
      const streamed = make();
      for (let end = 0; end < TEXT.length; end += step) {
        streamed.show(TEXT.slice(0, end), false);
        if (end % 3 === 0) await settle();
      }
      streamed.show(TEXT, true);
      await settle();
      expect(streamed.element.innerHTML).toBe(whole.element.innerHTML);
      expect(streamed.element.isEqualNode(whole.element)).toBe(true);
    }
  });

  test("is coloured when its fence is closed, and not before", async () => {
    const shown = make();
    shown.show("```py\nif a:\n", false);
    await settle();
    expect(asked).toEqual([]);
    shown.show("```py\nif a:\n```\n", false);
    await settle();
    expect(tokens(shown)).toEqual(["if"]);
    expect(shown.element.source).toBe("```py\nif a:\n```\n");
  });

  test("that is long stays as it is", async () => {
    const shown = make();
    const code = "if a: pass\n".repeat(2000);
    shown.show(`\`\`\`py\n${code}\`\`\`\n\n\`\`\`\nif\n\`\`\`\n`, true);
    await settle();
    expect(code.length).toBeGreaterThan(20_000);
    expect(asked).toEqual([]);
  });

  test("that has left the page meanwhile is not looked at", async () => {
    const shown = make();
    shown.show("```py\nif a: pass\n```\n", true);
    document.body.replaceChildren();
    await settle();
    expect(asked).toEqual([]);
  });
});

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { MarkdownText } from "../src/markdown-text.js";
import { STRINGS } from "../src/strings.js";

let shown: MarkdownText;
let copied: string[];

beforeEach(() => {
  shown = new MarkdownText();
  document.body.append(shown.element);
  copied = [];
});

afterEach(() => {
  document.body.replaceChildren();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const one = <E extends HTMLElement = HTMLElement>(selector: string): E | null =>
  shown.element.querySelector<E>(selector);
const lines = (count: number) =>
  Array.from({ length: count }, (_, i) => `line ${i + 1}`).join("\n");
const fenced = (code: string) => `\`\`\`py\n${code}\n\`\`\`\n`;

describe("copying", () => {
  const clipboard = () =>
    vi.stubGlobal("navigator", {
      clipboard: { writeText: (text: string) => Promise.resolve(void copied.push(text)) },
    });

  test.each(["a\n\n\tb  \n", "", "x = '\u202e'", "`` `", "a\r\nb".replace("\r", "")])(
    "takes the code exactly: %j",
    async (code) => {
      clipboard();
      shown.show(fenced(code), true);
      one("[part=copy]")?.click();
      await vi.waitFor(() => expect(copied).toEqual([code]));
    },
  );

  test("takes what has come so far", async () => {
    clipboard();
    shown.show("```\na", false);
    shown.show("```\na\nb", false);
    one("[part=copy]")?.click();
    await vi.waitFor(() => expect(copied).toEqual(["a\nb"]));
  });

  test("works where the page may not use the clipboard, and gives the focus back", async () => {
    vi.stubGlobal("navigator", {});
    document.execCommand = () => {
      const area = document.querySelector("textarea");
      copied.push(area?.value ?? "none");
      return true;
    };
    shown.show(fenced("a\nb"), true);
    const button = one<HTMLButtonElement>("[part=copy]");
    button?.focus();
    button?.click();
    await vi.waitFor(() => expect(copied).toEqual(["a\nb"]));
    expect(document.querySelector("textarea")).toBeNull();
    expect(document.activeElement).toBe(button);
    await vi.waitFor(() => expect(button?.textContent).toBe(STRINGS.copied));
  });
});

describe("folding", () => {
  test("forty lines are shown whole", () => {
    shown.show(fenced(lines(40)), true);
    expect(one("[part=fold]")).toBeNull();
  });

  test("of more the first forty, and a button that shows the rest", () => {
    shown.show(fenced(lines(41)), true);
    const button = one("[part=fold]");
    expect(button?.textContent).toBe("Show all 41 lines");
    expect(one("[part='code folded']")).not.toBeNull();
    expect(one("[part='lines rest']")?.textContent).toBe("line 41");
    button?.click();
    expect(one("[part='code unfolded']")).not.toBeNull();
    expect(one("[part=fold]")?.getAttribute("aria-expanded")).toBe("true");
    expect(one("[part=fold]")?.textContent).toBe(STRINGS.showLess);
  });

  test("what the reader unfolded stays so while code comes in, and at the end", () => {
    const text = fenced(lines(300));
    shown.show(text.slice(0, 500), false);
    one("[part=fold]")?.click();
    const element = one("[part~=code]");
    shown.show(text.slice(0, 1500), false);
    shown.show(text, true);
    expect(one("[part~=code]")).toBe(element);
    expect(element?.getAttribute("part")).toBe("code unfolded");
    expect(one("code")?.textContent).toBe(lines(300));
  });
});

test("code that comes in is appended to the text that is there", () => {
  shown.show("```py\nprint(", false);
  const text = one("code")?.firstChild?.firstChild;
  shown.show("```py\nprint(1)\nx", false);
  expect(one("code")?.firstChild?.firstChild).toBe(text);
  expect(text?.textContent).toBe("print(1)\nx");
});

test("the language is said, whatever a fence says", () => {
  shown.show("```<b>x</b>{.class} title=y\na\n```", true);
  expect(one("[part=language]")?.textContent).toBe("<b>x</b>");
  expect(one("b")).toBeNull();
});

test("code can be scrolled by keys", () => {
  shown.show(fenced("a"), true);
  expect(one("pre")?.tabIndex).toBe(0);
});

import { describe, expect, test } from "vitest";
import { BlockParser } from "../src/blocks.js";
import { blockHtml } from "../src/markdown.js";
import { readSpec } from "./spec.js";

/** Where this is not CommonMark on purpose: HTML is text, addresses and images are links. */
const SECTIONS = new Set(["HTML blocks", "Raw HTML"]);
const WITH_HTML = [21, 31, 201, 308, 309, 344, 475, 476, 477, 491, 494, 524, 536, 642, 643];
const WITH_LINKS = [517, 531, 608, 611, 612];
const OTHER = new Set([...WITH_HTML, ...WITH_LINKS]);

const examples = readSpec().filter(
  ({ number, section }) => !OTHER.has(number) && !SECTIONS.has(section),
);

function html(markdown: string): string {
  const parser = new BlockParser();
  parser.update(markdown, true);
  const definition = (label: string) => parser.definitions.get(label);
  const scope = { isWhole: true, definition, footnote: () => undefined };
  return parser.root.children.map((block) => blockHtml(block, scope)).join("");
}

function parse(source: string): HTMLElement {
  const element = document.createElement("div");
  element.innerHTML = source;
  return element;
}

/** Undo what is ours: paragraphs in tight lists, bars and boxes of code, links for images. */
function asSpecified(source: string): HTMLElement {
  const element = parse(source);
  for (const one of element.querySelectorAll("[part=tight] > li > p")) {
    one.replaceWith(...one.childNodes);
  }
  for (const one of element.querySelectorAll("div[part=code]")) {
    const code = document.createElement("code");
    const language = one.querySelector("[part=language]")?.textContent ?? "";
    const text = one.querySelector("code")?.textContent ?? "";
    if (language !== "") code.className = `language-${language}`;
    code.textContent = text === "" ? "" : `${text}\n`;
    const pre = document.createElement("pre");
    pre.append(code);
    one.replaceWith(pre);
  }
  for (const one of element.querySelectorAll("a[part=image]")) {
    const image = document.createElement("img");
    image.setAttribute("src", one.getAttribute("href") ?? "");
    image.setAttribute("alt", one.textContent);
    const title = one.getAttribute("title");
    if (title !== null) image.setAttribute("title", title);
    one.replaceWith(image);
  }
  return element;
}

/** HTML without what does not count: white space around blocks, how addresses are escaped. */
function canonical(element: HTMLElement): string {
  for (const one of element.querySelectorAll("*")) {
    one.removeAttribute("part");
    for (const name of ["href", "src"]) {
      const value = one.getAttribute(name);
      if (value !== null) one.setAttribute(name, encodeURI(decode(value)));
    }
  }
  return element.innerHTML
    .replace(/(<pre>[\s\S]*?<\/pre>)|>\s+</g, (_, pre) => pre ?? "><")
    .replace(/\s*(<\/?(?:li|ul|ol|p|blockquote|pre|h\d|hr)\b[^>]*>)\s*/g, "$1")
    .replace(/<br>\s*/g, "<br>");
}

function decode(address: string): string {
  try {
    return decodeURI(address);
  } catch {
    return address;
  }
}

describe("CommonMark", () => {
  test.each(examples)("example $number: $section", ({ markdown, html: expected }) => {
    expect(canonical(asSpecified(html(markdown)))).toBe(canonical(parse(expected)));
  });
});

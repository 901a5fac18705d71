/** Link destinations, titles and labels, and the definitions of reference links (CommonMark 4.7, 6.3). */

import { unescapeText } from "./entities.js";

export interface Definition {
  readonly href: string;
  readonly title: string;
}

const MAX_LABEL = 999;
/** Parentheses within each other in a destination, as in the reference implementation. */
const MAX_PARENTHESES = 32;

const ANGLED = /<(?:[^<>\n\\]|\\.)*>/y;
const TITLE = /"(?:[^"\\]|\\[\s\S])*"|'(?:[^'\\]|\\[\s\S])*'|\((?:[^()\\]|\\[\s\S])*\)/y;
const LABEL = /\[(?:[^\\[\]]|\\[\s\S]){0,999}\]/y;
const SPACE = /[ \t]*(?:\n[ \t]*)?/y;
const REST_OF_LINE = /[ \t]*(?:\n|$)/y;
const BLANK_LINE = /\n[ \t]*\n/;

/** Match the sticky `pattern` at `at`, and return where the match ends, or -1. */
function matchEnd(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : -1;
}

export function skipSpace(text: string, at: number): number {
  return matchEnd(SPACE, text, at);
}

/** The end of a link label that starts at `at`, or -1. */
export function labelEnd(text: string, at: number): number {
  return matchEnd(LABEL, text, at);
}

/** The form in which labels are compared, or "" for one that is none. */
export function normaliseLabel(label: string): string {
  if (label.length > MAX_LABEL) return "";
  return label.trim().replace(/\s+/g, " ").toLowerCase().toUpperCase();
}

/** Read a link destination at `at`; an unbracketed one may be empty. */
export function readDestination(text: string, at: number): { href: string; end: number } | null {
  if (text[at] === "<") {
    const end = matchEnd(ANGLED, text, at);
    return end < 0 ? null : { href: unescapeText(text.slice(at + 1, end - 1)), end };
  }
  let depth = 0;
  let end = at;
  for (; end < text.length; end += 1) {
    const code = text.charCodeAt(end);
    if (code === 0x5c && end + 1 < text.length && text.charCodeAt(end + 1) > 0x20) end += 1;
    else if (code === 0x28) {
      depth += 1;
      if (depth > MAX_PARENTHESES) return null;
    } else if (code === 0x29) {
      if (depth === 0) break;
      depth -= 1;
    } else if (code <= 0x20 || code === 0x7f) break;
  }
  return depth > 0 ? null : { href: unescapeText(text.slice(at, end)), end };
}

/** Read a link title at `at`; no title has a blank line in it. */
export function readTitle(text: string, at: number): { title: string; end: number } | null {
  const end = matchEnd(TITLE, text, at);
  if (end < 0) return null;
  const title = text.slice(at + 1, end - 1);
  return BLANK_LINE.test(title) ? null : { title: unescapeText(title), end };
}

/** Read one definition at the start of `text`: its label, what it says, and where it ends. */
export function readDefinition(
  text: string,
): { label: string; definition: Definition; end: number } | null {
  const afterLabel = labelEnd(text, 0);
  if (afterLabel < 0 || text[afterLabel] !== ":") return null;
  const label = normaliseLabel(text.slice(1, afterLabel - 1));
  const start = skipSpace(text, afterLabel + 1);
  const destination = readDestination(text, start);
  if (label === "" || destination === null || destination.end === start) return null;

  const { href } = destination;
  const titleStart = skipSpace(text, destination.end);
  const title = titleStart > destination.end ? readTitle(text, titleStart) : null;
  if (title !== null) {
    const end = matchEnd(REST_OF_LINE, text, title.end);
    if (end >= 0) return { label, definition: { href, title: title.title }, end };
  }
  const end = matchEnd(REST_OF_LINE, text, destination.end);
  return end < 0 ? null : { label, definition: { href, title: "" }, end };
}

/** The code of a code block: what it is, how it is cut to be drawn, and what is hidden in it. */

import type { Block } from "./block.js";
import { escapeHtml } from "./entities.js";

/** Lines that are shown of a folded block. */
export const FOLD_LINES = 40;

/** A browser lays out a whole box for each letter added to it: long code is drawn in several. */
const BOX_UNITS = 2000;

/**
 * Characters that change how others are read without being seen: controls, marks of direction,
 * spaces of no width, tags. In prose they are needed; in code they are what an attack is made of.
 * An emoji is taken whole, with those that it is joined by.
 */
const INVISIBLE =
  /\p{ExtPict}[\ufe0e\ufe0f]?(?:\u200d\p{ExtPict}\ufe0f?)*|[\p{Cc}\p{Cf}\p{DI}\u2028\u2029]/gu;
const EMOJI = /^\p{ExtPict}/u;

/** The code, without the line end before the closing fence: what is drawn and what is copied. */
export function codeOf({ text, fence }: Block): string {
  let end = text.length;
  if (fence === null) {
    // Blank lines at its end are no part of indented code.
    while (/[ \t\n]/.test(text[end - 1] ?? "")) end -= 1;
    end = text.indexOf("\n", end);
  } else if (text.endsWith("\n")) end -= 1;
  return text.slice(0, Math.max(0, end));
}

export function languageOf(block: Block): string {
  return (/^[^\s{},]*/.exec(block.info)?.[0] ?? "").slice(0, 40);
}

/** A part of some code that is drawn in a box of its own; `isRest` where folding hides it. */
export interface Box {
  readonly text: string;
  readonly isRest: boolean;
}

/**
 * Cut code into boxes of whole lines. `drawn` is how many units the boxes before have, and `lines`
 * how many lines; where a box ends depends on nothing but the code up to there.
 */
export function boxes(code: string, from = 0, lines = 0): Box[] {
  const found: Box[] = [];
  let start = from;
  let line = lines;
  for (let end = code.indexOf("\n", start); end >= 0; end = code.indexOf("\n", end + 1)) {
    line += 1;
    if (line !== FOLD_LINES && end + 1 - start < BOX_UNITS) continue;
    found.push({ text: code.slice(start, end + 1), isRest: line > FOLD_LINES });
    start = end + 1;
  }
  found.push({ text: code.slice(start), isRest: line >= FOLD_LINES });
  return found;
}

export function codeHtml(code: string): string {
  return boxes(code).map(boxHtml).join("");
}

export function boxHtml({ text, isRest }: Box): string {
  return `<span part="${isRest ? "lines rest" : "lines"}">${visibleHtml(text)}</span>`;
}

/** Whether nothing in `text` has to be named to be seen. */
export function isVisible(text: string): boolean {
  return !/[^\n\t\x20-\x7e]/.test(text) || !/[\p{Cc}\p{Cf}\p{DI}\u2028\u2029]/u.test(text);
}

/** Escape `text`, and name what is invisible in it. */
export function visibleHtml(text: string): string {
  return escapeHtml(text).replace(INVISIBLE, (match) => {
    if (match === "\n" || match === "\t" || EMOJI.test(match)) return match;
    const code = match.codePointAt(0) ?? 0;
    return `<span part="invisible">U+${code.toString(16).toUpperCase().padStart(4, "0")}</span>`;
  });
}

/**
 * Where a formula stands in inline text: `$…$`, `$$…$$`, `\(…\)`, `\[…\]`.
 *
 * A dollar is a price or the name of a variable more often than it is mathematics, and `\(` is also
 * CommonMark for a parenthesis. What is read as a formula therefore looks like one from both sides,
 * as in Pandoc and on GitHub, and does not begin like a sentence. Each rule looks no further than the
 * next sign of its kind, so that a text costs its length, and none is taken back by what comes later.
 */

import { visibleHtml } from "./code.js";

export interface Formula {
  readonly tex: string;
  /** Whether it stands on lines of its own. */
  readonly isDisplay: boolean;
  readonly end: number;
}

/** Longer ones are text: what they cost to typeset is bounded by this. */
export const MAX_TEX = 4000;

/** An open formula without any TeX in it is waited for no longer than this. */
const MAX_HELD = 300;

/** How much of a formula is looked at to see whether it begins like a sentence. */
const MAX_BEGINNING = 200;

const DOLLARS = /(?<!\$)\${1,3}/y;
/** An amount with a word behind it, where nothing that only TeX has comes first. */
const PRICE = /^\d[\d.,]*[\s/-]+\p{L}{2,}|^\d[^\\^_{}=<>+*|]*?\p{L}{3,}/u;
const WORDS = /^[^\\^_{}=<>+*|]*?(?<!\p{L})\p{L}{2,}[\s,.;:!?)]+\p{Ll}{2,}/u;
const MEANING = /[\p{L}\p{N}]/u;
const TEX_SIGN = /[\\^_{}=<>+*/|-]/;
/** What a formula does not end with where a letter follows: it is a path, or a list of prices. */
const OPEN_END = /[-+*/=<>:;,.(]$/;

/**
 * Read the formula that begins at `at`. It is "open" where the text ends before that is decided;
 * `isPartial` where more of the text may come.
 */
export function readFormula(text: string, at: number, isPartial = false): Formula | "open" | null {
  if (text[at] === "\\") return readBracketed(text, at);
  DOLLARS.lastIndex = at;
  const run = DOLLARS.exec(text)?.[0].length ?? 0;
  if (run === 0 || run > 2) return null;
  if (isPartial && at + run === text.length) return "open";
  return run === 1 ? readDollar(text, at, isPartial) : readDollars(text, at);
}

/**
 * A formula as it was written: it is typeset later (see math.ts). `marks` are those that follow it,
 * which a browser would put at the beginning of the next line.
 */
export function formulaHtml({ tex, isDisplay }: Formula, marks: string): string {
  const part = isDisplay ? "math display" : "math";
  const html = `<span part="${part}"><code>${visibleHtml(tex.trim())}</code></span>`;
  return marks === "" ? html : `<span part="unbroken">${html}${marks}</span>`;
}

/** Whether the open formula at `at`, at the end of a text that goes on, is better not shown yet. */
export function isAwaited(text: string, at: number): boolean {
  const length = text.length - at;
  if (length > MAX_TEX) return false;
  return length <= MAX_HELD || beginsLine(text, at) || text.includes("\\", at + 1);
}

/** A dollar on either side, with no space within it. */
function readDollar(text: string, at: number, isPartial: boolean): Formula | "open" | null {
  const start = at + 1;
  const [before = "", first = " "] = [text[at - 1], text[start]];
  // `US$5` is an amount, and `10$^\circ$` is not.
  if (/\s/.test(first) || (/[a-zA-Z0-9]/.test(before) && !/[\\^_]/.test(first))) return null;
  const beginning = (end: number) => text.slice(start, Math.min(end, start + MAX_BEGINNING));
  const end = findSign(text, start, "$");
  if (end === null) return null;
  const tex = text.slice(start, end < 0 ? text.length : end);
  if (PRICE.test(beginning(start + tex.length)) || WORDS.test(beginning(start + tex.length))) {
    return null;
  }
  if (end < 0) return "open";
  const after = text[end + 1] ?? "";
  if (/\s$/.test(tex) || /[\d${]/.test(after)) return null;
  const isOpenEnded = OPEN_END.test(tex);
  if (isOpenEnded && /[a-zA-Z(]/.test(after)) return null;
  if (isPartial && after === "" && (isOpenEnded || /^\d/.test(tex))) return "open";
  return { tex, isDisplay: false, end: end + 1 };
}

function readDollars(text: string, at: number): Formula | "open" | null {
  const start = at + 2;
  const end = findSign(text, start, "$$");
  if (end === null) return null;
  const tex = text.slice(start, end < 0 ? text.length : end);
  const isAlone = beginsLine(text, at);
  if (!isAlone && WORDS.test(tex.slice(0, MAX_BEGINNING))) return null;
  if (end < 0) return "open";
  // Two dollars also are the price of a restaurant, or the number of a process.
  const isMeant = MEANING.test(tex) && (isAlone || TEX_SIGN.test(tex) || !/\p{L}{2}/u.test(tex));
  return isMeant && text[end + 2] !== "$" ? { tex, isDisplay: true, end: end + 2 } : null;
}

function readBracketed(text: string, at: number): Formula | "open" | null {
  const isDisplay = text[at + 1] === "[";
  if (!isDisplay && text[at + 1] !== "(") return null;
  const start = at + 2;
  const end = findSign(text, start, isDisplay ? "\\]" : "\\)");
  if (end === null) return null;
  const tex = text.slice(start, end < 0 ? text.length : end);
  if (WORDS.test(tex.slice(0, MAX_BEGINNING))) return null;
  if (end < 0) return "open";
  // Brackets that somebody escaped have a number or a word in them: `\[1\]`, `\[sic\]`.
  const isMeant = MEANING.test(tex) && (!isDisplay || TEX_SIGN.test(tex) || tex.includes("\n"));
  return isMeant ? { tex, isDisplay, end: end + 2 } : null;
}

/**
 * Where the unescaped `sign` that ends a formula stands; -1 where the text ends before, and null
 * where something comes first that no formula has in it, or it would be too long.
 */
function findSign(text: string, from: number, sign: string): number | null {
  const isBracket = sign[0] === "\\";
  const opener = sign === "\\)" ? "(" : "[";
  for (let at = from; at < text.length; at += 1) {
    if (at - from > MAX_TEX) return null;
    const unit = text[at];
    // Code between backticks is code, whatever is in it.
    if (unit === "`") return null;
    if (unit === "\\") {
      if (isBracket && text[at + 1] === sign[1]) return at;
      if (isBracket && text[at + 1] === opener) return null;
      at += 1;
    } else if (unit === "$" && !isBracket) {
      if (sign === "$" || text[at + 1] === "$") return at;
    }
  }
  return -1;
}

function beginsLine(text: string, at: number): boolean {
  const isFirst = at === 0 || text[at - 1] === "\n";
  return isFirst && (text.startsWith("$$", at) || text.startsWith("\\[", at));
}

/**
 * The sign that ends the formula in which a paragraph's `line` leaves it, or "" where in none; `open`
 * is the one that it came in with. Only what begins a line counts: a dash in the lines that follow
 * is a minus then, and no item of a list.
 */
export function openSign(line: string, open: string): string {
  if (open !== "") return (findSign(line, 0, open) ?? 0) < 0 ? open : "";
  const start = line.trimStart();
  if (start.startsWith("\\[")) return findSign(start, 2, "\\]") === -1 ? "\\]" : "";
  if (!start.startsWith("$$") || start[2] === "$") return "";
  return findSign(start, 2, "$$") === -1 ? "$$" : "";
}

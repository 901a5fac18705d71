/**
 * Where a long paragraph is cut, so that its inline text is parsed and drawn piece by piece.
 *
 * A cut depends only on the text before it, so that it is the same at any time of a stream. It is
 * made where every marker so far has a partner; where that never happens, at a limit.
 */

import { readFormula } from "./formula.js";

const AT_LEAST = 1000;
const AT_MOST = 6000;

const OPENERS: Readonly<Record<string, string>> = { "]": "[", ">": "<", ")": "(" };
const PAIRS = ["*", "_", "~", "`"];

/** Cut `text`, behind white space where there is any. */
export function chunks(text: string): string[] {
  const found: string[] = [];
  let start = 0;
  for (let end = chunkEnd(text, 0); end < text.length; end = chunkEnd(text, start)) {
    found.push(text.slice(start, end));
    start = end;
  }
  found.push(text.slice(start));
  return found;
}

/** Where the chunk that begins at `start` ends: the text's length where it does not yet. */
export function chunkEnd(text: string, start: number): number {
  if (text.length - start <= AT_LEAST) return text.length;
  const limit = start + AT_MOST;
  const open = new Map<string, number>();
  const add = (sign: string, change: number) =>
    open.set(sign, Math.max(0, (open.get(sign) ?? 0) + change));
  for (let at = start; at < Math.min(limit, text.length); at += 1) {
    const sign = text[at] ?? "";
    const opener = OPENERS[sign];
    const formula = sign === "$" || sign === "\\" ? readFormula(text, at) : null;
    // No cut is made before it is known whether a formula ends.
    if (formula === "open") return text.length;
    if (formula !== null) at = formula.end - 1;
    else if (sign === "\\") at += 1;
    else if (opener !== undefined) add(opener, -1);
    else if (isOpener(text, at, sign)) add(sign, 1);
    else if (at - start >= AT_LEAST && isEnd(text, at) && isEven(open)) return at + 1;
  }
  if (text.length <= limit) return text.length;
  for (let at = limit; at > limit - 1000; at -= 1) if (isEnd(text, at)) return at + 1;
  return /[\udc00-\udfff]/.test(text[limit] ?? "") ? limit + 1 : limit;
}

function isOpener(text: string, at: number, sign: string): boolean {
  if (sign === "[" || sign === "*" || sign === "~" || sign === "`") return true;
  if (sign === "(") return text[at - 1] === "]";
  if (sign === "<") return /[a-z/!?]/i.test(text[at + 1] ?? "");
  return sign === "_" && !(/\w/.test(text[at - 1] ?? "") && /\w/.test(text[at + 1] ?? ""));
}

function isEnd(text: string, at: number): boolean {
  const [sign, next] = [text[at], text[at + 1]];
  return (sign === " " || sign === "\n") && next !== undefined && next !== " " && next !== "\n";
}

function isEven(open: ReadonlyMap<string, number>): boolean {
  const isClosed = Object.values(OPENERS).every((sign) => (open.get(sign) ?? 0) === 0);
  return isClosed && PAIRS.every((sign) => (open.get(sign) ?? 0) % 2 === 0);
}

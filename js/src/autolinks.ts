/** Addresses that are links without any markup around them (GFM 6.9). */

const URL_START = /https?:\/\/|www\./gi;
const DOMAIN =
  /^(?:https?:\/\/|www\.)((?:[\w-]|[\u0080-\uffff])+(?:\.(?:[\w-]|[\u0080-\uffff])+)*)/i;
const REST = /[^\s<]*/y;
const LOCAL = /[a-zA-Z0-9.+_-]/;
const HOST = /@[a-zA-Z0-9_-]+(?:\.[a-zA-Z0-9_-]+)+/y;
const MAX_LOCAL = 64;

export interface Autolink {
  readonly text: string;
  readonly href: string;
}

/** Where an address may begin within `length` characters from `from`, or -1. */
export function findAutolink(text: string, from: number, length: number): number {
  const run = text.slice(from, from + length);
  let found = -1;
  if (run.includes("://") || /www\./i.test(run)) {
    URL_START.lastIndex = 0;
    for (let match = URL_START.exec(run); match !== null; match = URL_START.exec(run)) {
      if (!isBoundary(text[from + match.index - 1])) continue;
      found = from + match.index;
      break;
    }
  }
  const at = run.indexOf("@");
  if (at <= 0) return found;
  let start = from + at;
  while (start > from && from + at - start < MAX_LOCAL && LOCAL.test(text[start - 1] ?? ""))
    start -= 1;
  const isFirst = start < from + at && (found < 0 || start < found);
  return isFirst && isBoundary(text[start - 1]) ? start : found;
}

/** Read the address at `at`. */
export function autolinkAt(text: string, at: number): Autolink | null {
  const isUrl = /^(?:https?:\/\/|www\.)/i.test(text.slice(at, at + 8));
  return isUrl ? urlAt(text, at) : emailAt(text, at);
}

function isBoundary(before: string | undefined): boolean {
  return before === undefined || /[\s*_~(]/.test(before) || /[\u0080-\uffff]/.test(before);
}

function urlAt(text: string, at: number): Autolink | null {
  REST.lastIndex = at;
  let url = REST.exec(text)?.[0] ?? "";
  const domain = DOMAIN.exec(url)?.[1] ?? "";
  const parts = domain.split(".");
  const isWww = /^www\./i.test(url);
  const isDomain = parts.slice(-2).every((part) => !part.includes("_"));
  if (domain === "" || !isDomain || (!isWww && parts.length < 2 && domain !== "localhost")) {
    return null;
  }
  url = trimEnd(url);
  return { text: url, href: isWww ? `http://${url}` : url };
}

/** A sentence's marks, and a bracket that the address does not open, end the address before them. */
function trimEnd(url: string): string {
  let end = url.length;
  let open = 0;
  for (const character of url) {
    if (character === "(") open += 1;
    else if (character === ")") open -= 1;
  }
  for (; end > 0; end -= 1) {
    const last = url[end - 1] ?? "";
    if (last === ")") {
      if (open >= 0) break;
      open += 1;
    } else if (last === ";") {
      const entity = /&[a-zA-Z0-9]{1,32};$/.exec(url.slice(Math.max(0, end - 34), end));
      if (entity !== null) end -= entity[0].length - 1;
    } else if (!/[?!.,:*_~'"]/.test(last)) break;
  }
  return url.slice(0, end);
}

function emailAt(text: string, at: number): Autolink | null {
  let sign = at;
  while (sign - at < MAX_LOCAL && LOCAL.test(text[sign] ?? "")) sign += 1;
  HOST.lastIndex = sign;
  const host = HOST.exec(text)?.[0];
  if (sign === at || host === undefined) return null;
  const domain = host.replace(/\.+$/, "");
  if (/[-_]$/.test(domain)) return null;
  const address = text.slice(at, sign) + domain;
  return { text: address, href: `mailto:${address}` };
}

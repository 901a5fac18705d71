/** Characters that a text names instead of writing them: `&amp;`, `&#39;`, `\*`. */

/** ASCII punctuation: what a backslash takes the meaning from. */
export const PUNCTUATION = /[!-/:-@[-`{-~]/;

const REFERENCE = "&(?:#[xX][0-9a-fA-F]{1,6}|#[0-9]{1,7}|[a-zA-Z][a-zA-Z0-9]{1,31});";
export const ENTITY = new RegExp(REFERENCE, "y");
const ESCAPED = new RegExp(`\\\\[!-/:-@[-\`{-~]|${REFERENCE}`, "g");

const known = new Map<string, string>();
let decoder: HTMLTextAreaElement | null = null;

/** Return what the character reference `entity` stands for, or `entity` itself if for nothing. */
export function decodeEntity(entity: string): string {
  if (entity[1] === "#") {
    const isHex = entity[2] === "x" || entity[2] === "X";
    const code = Number.parseInt(entity.slice(isHex ? 3 : 2, -1), isHex ? 16 : 10);
    const isCharacter = code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
    return isCharacter ? String.fromCodePoint(code) : "\ufffd";
  }
  const found = known.get(entity);
  if (found !== undefined) return found;
  // The names are the browser's own, all 2,000 of them. A text area's content is text, whatever it
  // is; a name that HTML knows in part only (`&copyright;`) leaves its semicolon behind.
  decoder ??= document.createElement("textarea");
  decoder.innerHTML = entity;
  const { value } = decoder;
  const decoded = value.endsWith(";") && entity !== "&semi;" ? entity : value;
  known.set(entity, decoded);
  return decoded;
}

/** Resolve the backslash escapes and character references of `text`. */
export function unescapeText(text: string): string {
  if (!/[\\&]/.test(text)) return text;
  return text.replace(ESCAPED, (match) =>
    match[0] === "\\" ? match.slice(1) : decodeEntity(match),
  );
}

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
};

/** Write `text` so that HTML reads it as that text, in content and in quoted attributes. */
export function escapeHtml(text: string): string {
  return /[&<>"]/.test(text) ? text.replace(/[&<>"]/g, (c) => ESCAPES[c] ?? c) : text;
}

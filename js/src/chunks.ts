/**
 * Where a long paragraph is cut, so that its inline text is parsed and drawn piece by piece.
 *
 * A cut depends only on the text before it, so that it is the same at any time of a stream. It is
 * made where every marker so far has a partner; where that never happens, at a limit.
 */

const AT_LEAST = 3000;
const AT_MOST = 8000;

/** Cut `text`, behind white space where there is any. */
export function chunks(text: string): string[] {
  const found: string[] = [];
  let start = 0;
  while (text.length - start > AT_LEAST) {
    const end = chunkEnd(text, start);
    if (end >= text.length) break;
    found.push(text.slice(start, end));
    start = end;
  }
  found.push(text.slice(start));
  return found;
}

/** Where the chunk that begins at `start` ends: the text's length where it does not yet. */
export function chunkEnd(text: string, start: number): number {
  const limit = start + AT_MOST;
  const signs: Record<string, number> = { "*": 0, _: 0, "~": 0, "`": 0, "[": 0, "<": 0, $: 0 };
  for (let at = start; at < Math.min(limit, text.length); at += 1) {
    const sign = text[at] ?? "";
    if (sign === "\\") at += 1;
    else if (sign === "]" || sign === ">") {
      const opener = sign === "]" ? "[" : "<";
      signs[opener] = Math.max(0, (signs[opener] ?? 0) - 1);
    } else if (sign in signs) signs[sign] = (signs[sign] ?? 0) + 1;
    else if (at - start >= AT_LEAST && isEnd(text, at) && isEven(signs)) return at + 1;
  }
  if (text.length <= limit) return text.length;
  for (let at = limit; at > limit - 1000; at -= 1) if (isEnd(text, at)) return at + 1;
  return /[\udc00-\udfff]/.test(text[limit] ?? "") ? limit + 1 : limit;
}

function isEnd(text: string, at: number): boolean {
  const [sign, next] = [text[at], text[at + 1]];
  return (sign === " " || sign === "\n") && next !== undefined && next !== " " && next !== "\n";
}

function isEven(signs: Readonly<Record<string, number>>): boolean {
  return (
    signs["["] === 0 &&
    signs["<"] === 0 &&
    ["*", "_", "~", "`", "$"].every((sign) => (signs[sign] ?? 0) % 2 === 0)
  );
}

/** Code between backticks (CommonMark 6.1). */

/** Where the next run of exactly `length` backticks starts, or -1. */
export function nextTicks(text: string, from: number, length: number): number {
  let at = text.indexOf("`", from);
  while (at >= 0) {
    let end = at;
    while (text[end] === "`") end += 1;
    if (end - at === length) return at;
    at = text.indexOf("`", end);
  }
  return -1;
}

/** What is read of the code between two runs: one space on either side is there for backticks. */
export function spanText(source: string): string {
  const code = source.replaceAll("\n", " ");
  const isPadded = code.startsWith(" ") && code.endsWith(" ") && /[^ ]/.test(code);
  return isPadded ? code.slice(1, -1) : code;
}

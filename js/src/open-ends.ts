/** The end of a text that is still coming: what to withhold of it, and what to take as closed. */

/** Farther from the end, an opener that nothing closes is taken for the character that it is. */
export const NEAR = 300;

/** What at the very end may still become something else than its letters. */
const UNDECIDED = [
  /(?<![\\*_~])(?:[*_~]+)$/,
  /(?<![\\`])`+$/,
  /(?<!\\)\\$/,
  /&#?[a-zA-Z0-9]{0,31}$/,
  /<(?:[a-zA-Z/!?][^\s<>]{0,60})?$/,
  /(?<!\\)!$/,
  /\[\^[^\s[\]]{0,100}$/,
  /(?<![\w/.])(?:https?:?\/?\/?|www\.?)$/i,
];

const HALF_TARGET =
  /^\([ \n]*(?:<[^<>\n]*>?|[^\s<>]*)(?:[ \n]+(?:"[^"]*"?|'[^']*'?|\([^()]*\)?)?[ \n]*)?$/;
const HALF_LABEL = /^\[[^[\]]*$/;

export function isNear(text: string, at: number): boolean {
  return text.length - at <= NEAR;
}

/** Cut off what says nothing yet. */
export function cutOpenEnd(text: string): string {
  const start = Math.max(0, text.length - 120);
  const end = text.slice(start);
  for (const pattern of UNDECIDED) {
    const match = pattern.exec(end);
    if (match !== null) return text.slice(0, start + match.index);
  }
  return text;
}

/** Whether what follows a link's text up to the end could become its target or label. */
export function isHalfTarget(rest: string): boolean {
  if (rest.length > 2000) return false;
  return rest === "" || HALF_TARGET.test(rest) || HALF_LABEL.test(rest);
}

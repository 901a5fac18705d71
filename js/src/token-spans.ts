/** Tokens on the screen: spans around the letters that a code block shows already. */

import type { Run } from "./tokens.js";

/**
 * Put each of `runs` that has a kind into a span of that kind, within `code`, which shows `source`.
 *
 * No letter is added or taken away, and nothing is done where the runs are not those of the source.
 */
export function drawTokens(code: Element, source: string, runs: readonly Run[]): void {
  const texts = textNodes(code);
  const isSame = texts.map(sourceOf).join("") === source;
  if (!isSame || runs.map((run) => run.text).join("") !== source) return;
  const left = runs.map(({ text, kind }) => ({ units: text.length, kind })).values();
  let run = left.next().value;
  for (const text of texts) {
    const nodes: (Element | Text)[] = [];
    const shown = text.data;
    const isHidden = isInvisible(text);
    let at = 0;
    for (const end = sourceOf(text).length; at < end && run !== undefined; ) {
      const units = Math.min(run.units, end - at);
      if (!isHidden) nodes.push(makeNode(shown.slice(at, at + units), run.kind));
      at += units;
      run.units -= units;
      if (run.units === 0) run = left.next().value;
    }
    if (nodes.some((node) => node instanceof Element)) text.replaceWith(...nodes);
  }
}

function makeNode(text: string, kind: string | null): Element | Text {
  if (kind === null) return new Text(text);
  const span = document.createElement("span");
  span.setAttribute("part", `token ${kind}`);
  span.textContent = text;
  return span;
}

function textNodes(code: Element): Text[] {
  const walker = code.ownerDocument.createTreeWalker(code, NodeFilter.SHOW_TEXT);
  const found: Text[] = [];
  while (walker.nextNode() !== null) found.push(walker.currentNode as Text);
  return found;
}

/** What is invisible in the source is shown by its name: U+200B. */
function isInvisible(text: Text): boolean {
  return text.parentElement?.getAttribute("part") === "invisible";
}

function sourceOf(text: Text): string {
  return isInvisible(text)
    ? String.fromCodePoint(Number.parseInt(text.data.slice(2), 16))
    : text.data;
}

/** Tokens on the screen: spans around the letters that a code block shows already. */

import type { Run } from "./tokens.js";

/** More spans take longer than a frame; no code has so many that a person wrote. */
const MAX_RUNS = 6000;

/**
 * Put each of `runs` that has a kind into a span of that kind, within `code`, which shows `source`.
 *
 * No letter is added or taken away; and nothing is done where something else is shown.
 */
export function drawTokens(code: Element, source: string, runs: readonly Run[]): void {
  const texts = textNodes(code);
  if (runs.length > MAX_RUNS || texts.map(sourceOf).join("") !== source) return;
  const left = runs.values();
  let run = { ...left.next().value } as Run | { units: number; kind: null };
  const take = (most: number) => {
    while (run.units === 0) {
      const { value } = left.next();
      // Beyond the last run, all letters look the same.
      run = value === undefined ? { units: most, kind: null } : { ...value };
    }
    const units = Math.min(run.units, most);
    run.units -= units;
    return { units, kind: run.kind };
  };
  for (const text of texts) {
    const { length } = sourceOf(text);
    const nodes: (Element | Text)[] = [];
    for (let at = 0; at < length; ) {
      const { units, kind } = take(length - at);
      nodes.push(makeNode(text.data.slice(at, at + units), kind));
      at += units;
    }
    const isColoured = nodes.some((node) => node instanceof Element);
    if (isColoured && !isInvisible(text)) text.replaceWith(...nodes);
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

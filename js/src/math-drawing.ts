/** Formulas as MathML: none is typeset twice, whatever is drawn around it, and not many at once. */

import { sanitiseMath } from "./sanitise-math.js";
import { fill, type Strings } from "./strings.js";
import { typeset } from "./typeset.js";

/** How long formulas are typeset at once: a frame must not wait for more. */
const MAX_AT_ONCE = 8; // ms
const MAX_KEPT = 500;
const MAX_REASON = 120;
/** A shorter formula is never too wide for a view, and needs no keys to be scrolled. */
const MAX_NARROW = 40;

interface Typeset {
  readonly element: Element;
  /** What is wrong with the TeX, or null. */
  readonly reason: string | null;
}

const kept = new Map<string, Typeset>();

/** Draw the formulas in `nodes`; returns false where some are left for later, for they are many. */
export function drawFormulas(nodes: ParentNode, strings: Strings): boolean {
  const start = performance.now();
  let isFirst = true;
  for (const code of nodes.querySelectorAll('[part~="math"] > code:not([title])')) {
    const { parentElement: place, textContent: tex } = code;
    // Characters that nobody sees are named there, and the formula is not the text any more.
    if (place === null || code.firstElementChild !== null) continue;
    const isDisplay = place.getAttribute("part") === "math display";
    const key = `${isDisplay}${tex}`;
    let drawn = kept.get(key);
    if (drawn === undefined) {
      if (!isFirst && performance.now() - start > MAX_AT_ONCE) return false;
      isFirst = false;
      drawn = draw(tex, isDisplay);
      if (kept.size >= MAX_KEPT) kept.clear();
      kept.set(key, drawn);
    }
    const { element, reason } = drawn;
    const copy = document.importNode(element, true);
    if (reason !== null) copy.setAttribute("title", fill(strings.badFormula, { reason }));
    code.replaceWith(copy);
    if (isDisplay && tex.length > MAX_NARROW) makeScrollable(place, strings.formula);
  }
  return true;
}

/** The formula as MathML, or as it was written with what is wrong with it. */
function draw(tex: string, isDisplay: boolean): Typeset {
  try {
    const math = sanitiseMath(typeset(tex, isDisplay));
    math.setAttribute("alttext", tex);
    return { element: math, reason: null };
  } catch (error) {
    const code = document.createElement("code");
    code.textContent = tex;
    const message = error instanceof Error ? error.message : String(error);
    const [what = ""] = message.split(" at position ");
    return { element: code, reason: what.trim().slice(0, MAX_REASON) };
  }
}

/** Wide formulas are scrolled by keys, too. */
function makeScrollable(place: Element, label: string): void {
  place.setAttribute("role", "group");
  place.setAttribute("aria-label", label);
  place.setAttribute("tabindex", "0");
}

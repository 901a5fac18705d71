/**
 * Formulas on the screen: first as they were written, and as MathML once what typesets them is here.
 *
 * That is loaded when the first formula of a page is drawn. No formula is typeset twice, whatever
 * is drawn around it, and not many at once: a frame that comes late is worse than a formula that does.
 */

import { findAsset, loadAsset } from "./assets.js";
import { sanitiseMath } from "./sanitise-math.js";
import { fill, STRINGS } from "./strings.js";

/** How much TeX is typeset at once: what takes some milliseconds. */
const MAX_AT_ONCE = 1500;
const MAX_KEPT = 500;
const MAX_REASON = 120;
/** A shorter formula is never too wide for a view, and needs no keys to be scrolled. */
const MAX_NARROW = 40;

type Typesetter = Awaited<ReturnType<typeof loadAsset<"math">>>;

const kept = new Map<string, Element>();

/** The formulas of one text. */
export class Formulas {
  readonly #element: Element;
  #isWaiting = false;

  constructor(element: Element) {
    this.#element = element;
  }

  /** Typeset what is new in `nodes`, now or as soon as it can be. */
  typesetIn(nodes: ParentNode): void {
    if (typesetIn(nodes) || this.#isWaiting) return;
    this.#isWaiting = true;
    this.#wait().finally(() => {
      this.#isWaiting = false;
    });
  }

  async #wait(): Promise<void> {
    try {
      await loadAsset("math");
    } catch {
      // No kernel answers: what was written stays, and the next formula asks again.
      return;
    }
    do await new Promise((resolve) => setTimeout(resolve));
    while (!typesetIn(this.#element));
  }
}

/**
 * Typeset the formulas in `nodes`; returns false where some are left for later: those that are too
 * many now, or all where there is nothing yet to typeset them with.
 */
function typesetIn(nodes: ParentNode): boolean {
  const typesetter = findAsset("math");
  let left = MAX_AT_ONCE;
  for (const code of nodes.querySelectorAll('[part~="math"] > code:not([title])')) {
    const { parentElement: place, textContent: tex } = code;
    // Characters that nobody sees are named there, and the formula is not the text any more.
    if (place === null || code.firstElementChild !== null) continue;
    const isDisplay = place.getAttribute("part") === "math display";
    const key = `${isDisplay}${tex}`;
    let drawn = kept.get(key);
    if (drawn === undefined) {
      if (typesetter === null || left <= 0) return false;
      left -= tex.length;
      drawn = draw(typesetter, tex, isDisplay);
      if (kept.size >= MAX_KEPT) kept.clear();
      kept.set(key, drawn);
    }
    code.replaceWith(document.importNode(drawn, true));
    if (isDisplay && tex.length > MAX_NARROW) makeScrollable(place);
  }
  return true;
}

/** The formula as MathML, or as it was written with what is wrong with it. */
function draw({ typeset }: Typesetter, tex: string, isDisplay: boolean): Element {
  try {
    const math = sanitiseMath(typeset(tex, isDisplay));
    math.setAttribute("alttext", tex);
    return math;
  } catch (error) {
    const code = document.createElement("code");
    code.textContent = tex;
    const reason = error instanceof Error ? error.message : String(error);
    const [what = ""] = reason.split(" at position ");
    code.title = fill(STRINGS.badFormula, { reason: what.trim().slice(0, MAX_REASON) });
    return code;
  }
}

/** Wide formulas are scrolled by keys, too. */
function makeScrollable(place: Element): void {
  place.setAttribute("role", "group");
  place.setAttribute("aria-label", STRINGS.formula);
  place.setAttribute("tabindex", "0");
}

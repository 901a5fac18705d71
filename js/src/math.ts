/**
 * The formulas of a text: shown as they were written, and drawn once what draws them is here.
 *
 * That is asked for when the first formula of a page is there. Where it does not come, and comes
 * with another text later, because a kernel answers then, those that waited are drawn, too.
 */

import { findAsset, loadAsset } from "./assets.js";
import { adoptSheet } from "./sheet.js";
import type { Strings } from "./strings.js";

const waiting = new Set<Formulas>();

export class Formulas {
  readonly element: Element;
  readonly #strings: Strings;
  #isStyled = false;

  /** `element` is what the text is drawn in. */
  constructor(element: Element, strings: Strings) {
    this.element = element;
    this.#strings = strings;
  }

  /** Draw what is new in `nodes`, now or as soon as it can be. */
  draw(nodes: ParentNode): void {
    if (nodes.querySelector('[part~="math"]') === null) return;
    const isDone = findAsset("math")?.drawFormulas(nodes, this.#strings) ?? false;
    if ((isDone && this.#style()) || waiting.has(this)) return;
    waiting.add(this);
    void finish();
  }

  /** Draw what is left of it; returns false where that was too much at once. */
  drawRest(): boolean {
    this.#style();
    return findAsset("math")?.drawFormulas(this.element, this.#strings) ?? true;
  }

  #style(): boolean {
    const root = this.element.getRootNode();
    const css = findAsset("math")?.css;
    if (this.#isStyled || css === undefined) return this.#isStyled;
    // A text is drawn before it is put into the page.
    if (!(root instanceof ShadowRoot || root instanceof Document)) return false;
    adoptSheet(root, css);
    this.#isStyled = true;
    return true;
  }
}

/** Draw all that waits, a little at a time: a frame that comes late is worse than a formula. */
async function finish(): Promise<void> {
  try {
    await loadAsset("math");
  } catch {
    // No kernel answers. What is still in the page then waits for one that does.
    for (const one of waiting) if (!one.element.isConnected) waiting.delete(one);
    return;
  }
  for (const one of waiting) {
    do await new Promise((resolve) => setTimeout(resolve));
    while (!one.drawRest());
    waiting.delete(one);
  }
}

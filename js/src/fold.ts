/** A line that unfolds to a text: plain, since it is no answer but how the model came to it. */

import { make, makeBox } from "./element.js";

export class Fold {
  readonly element: HTMLDetailsElement;
  readonly #label = document.createElement("summary");
  readonly #text = makeBox("folded");
  #shown = "";

  constructor(part: string) {
    this.element = make("details", part, this.#label, this.#text);
  }

  /** Draw `text`, as a rule one that continues the one before. */
  show(label: string, text: string): void {
    if (this.#label.textContent !== label) this.#label.textContent = label;
    if (text === this.#shown) return;
    const drawn = this.#text.firstChild as Text | null;
    if (drawn !== null && text.startsWith(this.#shown)) {
      drawn.appendData(text.slice(this.#shown.length));
    } else this.#text.textContent = text;
    this.#shown = text;
  }
}

/** What is shown where nothing was said yet: an invitation, and what the author suggests to ask. */

import { makeButton } from "./button.js";
import { make, makeBox } from "./element.js";
import type { Options } from "./options.js";

export class EmptyState {
  readonly element: HTMLElement;
  readonly #buttons: readonly HTMLButtonElement[];

  constructor({ strings, suggestions }: Options, ask: (text: string) => void) {
    this.element = makeBox("empty", strings.empty);
    this.#buttons = suggestions.map((text) => {
      const button = makeButton("suggestion", null, text);
      button.addEventListener("click", () => ask(text));
      return button;
    });
    if (this.#buttons.length === 0) return;
    const group = make("div", "suggestions", ...this.#buttons);
    group.role = "group";
    group.ariaLabel = strings.suggestions;
    this.element.append(group);
  }

  /** Show it, with buttons that can be pressed when the kernel would take a question. */
  draw(isShown: boolean, canAsk: boolean): void {
    this.element.hidden = !isShown;
    for (const button of this.#buttons) button.disabled = !canAsk;
  }
}

/** What is shown where nothing was said yet: an invitation, and what the author suggests to ask. */

import type { Options } from "./options.js";

export class EmptyState {
  readonly element = document.createElement("div");
  readonly #buttons: readonly HTMLButtonElement[];

  constructor({ strings, suggestions }: Options, ask: (text: string) => void) {
    this.element.className = "empty";
    this.#buttons = suggestions.map((text) => {
      const button = document.createElement("button");
      button.type = "button";
      button.setAttribute("part", "suggestion");
      button.textContent = text;
      button.addEventListener("click", () => ask(text));
      return button;
    });
    this.element.append(strings.empty);
    if (this.#buttons.length === 0) return;
    const group = document.createElement("div");
    group.setAttribute("part", "suggestions");
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", strings.suggestions);
    group.append(...this.#buttons);
    this.element.append(group);
  }

  /** Show it, with buttons that can be pressed when the kernel would take a question. */
  draw(isShown: boolean, canAsk: boolean): void {
    this.element.hidden = !isShown;
    for (const button of this.#buttons) button.disabled = !canAsk;
  }
}

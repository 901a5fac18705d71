/** A question that is being written anew, in the place where it stands. */

import { makeButton } from "./button.js";
import { make, makeBox } from "./element.js";
import { isComposing } from "./keys.js";
import type { Strings } from "./strings.js";

export class Editor {
  readonly element: HTMLElement;
  readonly #input = make("textarea", "edit-input");
  readonly #send: HTMLButtonElement;
  readonly #onSend: (text: string) => void;
  readonly #onCancel: () => void;

  constructor(
    text: string,
    strings: Strings,
    onSend: (text: string) => void,
    onCancel: () => void,
  ) {
    this.#send = makeButton("edit-send", null, strings.send);
    this.#onSend = onSend;
    this.#onCancel = onCancel;
    this.#input.setAttribute("aria-label", strings.editInput);
    this.#input.value = text;
    this.#input.rows = Math.min(10, text.split("\n").length);
    this.#input.addEventListener("keydown", (event) => this.#onKey(event));
    const cancel = makeButton("edit-cancel", null, strings.cancel);
    cancel.addEventListener("click", onCancel);
    this.#send.addEventListener("click", () => this.#submit());
    this.element = make("div", "editor", this.#input, makeBox("buttons", cancel, this.#send));
  }

  /** Only what is in the page can be focused. */
  focus(): void {
    this.#input.focus({ preventScroll: true });
    this.#input.setSelectionRange(this.#input.value.length, this.#input.value.length);
  }

  /** Wait for the kernel's word, or go on writing. */
  wait(isWaiting: boolean): void {
    this.#send.disabled = isWaiting;
    this.#input.readOnly = isWaiting;
  }

  #onKey(event: KeyboardEvent): void {
    if (isComposing(event)) return;
    if (event.key === "Escape") {
      // Escape in here means this text, and not a turn that runs.
      event.stopPropagation();
      event.preventDefault();
      this.#onCancel();
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.#submit();
    }
  }

  #submit(): void {
    const text = this.#input.value;
    if (text.trim() !== "" && !this.#send.disabled) this.#onSend(text);
  }
}

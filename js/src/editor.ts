/** A question that is being written anew, in the place where it stands. */

import type { Strings } from "./strings.js";

export class Editor {
  readonly element = document.createElement("div");
  readonly #input = document.createElement("textarea");
  readonly #send: HTMLButtonElement;
  readonly #onSend: (text: string) => void;
  readonly #onCancel: () => void;

  constructor(
    text: string,
    strings: Strings,
    onSend: (text: string) => void,
    onCancel: () => void,
  ) {
    this.#send = makeButton("edit-send", strings.send);
    this.#onSend = onSend;
    this.#onCancel = onCancel;
    this.element.setAttribute("part", "editor");
    this.#input.setAttribute("part", "edit-input");
    this.#input.setAttribute("aria-label", strings.editInput);
    this.#input.value = text;
    this.#input.rows = Math.min(10, text.split("\n").length);
    this.#input.addEventListener("keydown", (event) => this.#onKey(event));
    const cancel = makeButton("edit-cancel", strings.cancel);
    cancel.addEventListener("click", onCancel);
    this.#send.addEventListener("click", () => this.#submit());
    const buttons = document.createElement("div");
    buttons.className = "buttons";
    buttons.append(cancel, this.#send);
    this.element.append(this.#input, buttons);
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
    if (event.isComposing || event.keyCode === 229) return;
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

function makeButton(part: string, label: string): HTMLButtonElement {
  const button = document.createElement("button");
  button.type = "button";
  button.setAttribute("part", part);
  button.textContent = label;
  return button;
}

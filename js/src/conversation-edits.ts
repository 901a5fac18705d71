/** What a row of the list turns into: a field for another title, or a question before deletion. */

import { isObstructed, makeButton, setObstacle } from "./button.js";
import { isComposing } from "./keys.js";
import { about, type Strings } from "./strings.js";
import { MAX_TITLE } from "./wire.js";

/** Made when it is begun: a long list has hundreds of rows, and one of them is edited. */
export interface Edit {
  readonly element: HTMLElement;
  /** Show why it cannot be done now, and whether it is being done. */
  draw(obstacle: string | null, isUnderWay: boolean): void;
  focus(): void;
}

export class TitleField implements Edit {
  readonly element = document.createElement("div");
  readonly #field = document.createElement("input");
  readonly #strings: Strings;
  readonly #save: HTMLButtonElement;
  readonly #onSave: (title: string) => void;

  constructor(
    title: string,
    strings: Strings,
    onSave: (title: string) => void,
    onCancel: () => void,
  ) {
    this.#strings = strings;
    this.#save = makeButton("conversation-save", "save", strings.save, true);
    this.#onSave = onSave;
    this.element.className = "edit";
    this.#field.setAttribute("part", "conversation-title");
    this.#field.setAttribute("aria-label", strings.newTitle);
    this.#field.maxLength = MAX_TITLE;
    this.#field.autocomplete = "off";
    this.#field.dir = "auto";
    this.#field.value = title;
    this.#field.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !isComposing(event)) this.#submit();
    });
    this.#save.addEventListener("click", () => this.#submit());
    const cancel = makeButton("conversation-cancel", "cancel", strings.cancel, true);
    cancel.addEventListener("click", onCancel);
    this.element.append(this.#field, this.#save, cancel);
  }

  draw(obstacle: string | null, isUnderWay: boolean): void {
    setObstacle(this.#save, obstacle, this.#strings.save);
    this.#field.readOnly = isUnderWay;
  }

  focus(): void {
    // The focus scrolls to the caret: a long title is to show its beginning.
    this.#field.setSelectionRange(0, 0);
    this.#field.focus();
    this.#field.select();
  }

  #submit(): void {
    if (isObstructed(this.#save)) return;
    this.#field.focus();
    // Half a surrogate pair cannot be put into the UTF-8 of a message.
    this.#onSave(this.#field.value.replace(/\p{Surrogate}/gu, "\ufffd").trim());
  }
}

export class RemovalQuestion implements Edit {
  readonly element = document.createElement("div");
  readonly #strings: Strings;
  readonly #keep: HTMLButtonElement;
  readonly #confirm: HTMLButtonElement;

  constructor(title: string, strings: Strings, onConfirm: () => void, onCancel: () => void) {
    this.#strings = strings;
    this.#keep = makeButton("conversation-keep", null, strings.cancel);
    this.#confirm = makeButton("conversation-confirm", null, strings.remove);
    this.element.className = "edit";
    this.element.setAttribute("role", "group");
    this.element.setAttribute("aria-label", about(strings.remove, title));
    const name = document.createElement("span");
    name.className = "name";
    name.dir = "auto";
    name.textContent = title;
    const question = document.createElement("strong");
    question.textContent = strings.confirmRemove;
    const text = document.createElement("div");
    text.append(name, question);
    this.#keep.addEventListener("click", onCancel);
    this.#confirm.addEventListener("click", () => {
      if (!isObstructed(this.#confirm)) onConfirm();
    });
    this.element.append(text, this.#keep, this.#confirm);
  }

  draw(obstacle: string | null): void {
    setObstacle(this.#confirm, obstacle, this.#strings.remove);
  }

  /** On the way out: a second Enter on Delete must not be the answer. */
  focus(): void {
    this.#keep.focus();
  }
}

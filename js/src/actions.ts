/** What can be done with one message: a row of buttons, shown to who points at it or tabs into it. */

import { makeButton } from "./button.js";
import { copyText } from "./clipboard.js";
import { make } from "./element.js";
import { type Icon, icon } from "./icons.js";
import type { Item } from "./store.js";
import type { Strings } from "./strings.js";

export interface Acts {
  retry(): void;
  edit(): void;
  remove(): void;
}

const SHOWN = 2000; // ms
const CONFIRMABLE = 4000; // ms

export class Actions {
  readonly element = make("div", "actions");
  readonly #acts: Acts;
  readonly #strings: Strings;
  #source = "";
  #drawn = "";

  constructor(acts: Acts, strings: Strings) {
    this.#acts = acts;
    this.#strings = strings;
    this.element.setAttribute("role", "group");
    this.element.setAttribute("aria-label", this.#strings.actions);
  }

  /** Offer what can be done with `item`; `canChange` when the kernel would do it now. */
  draw(item: Item, canChange: boolean, isLast: boolean): void {
    this.#source = item.content;
    const isUser = item.role === "user";
    const isSaid = item.id !== null;
    const names = [
      isSaid && item.content !== "" ? "copy" : null,
      isSaid && !isUser && isLast && item.status === "complete" ? "retry" : null,
      isSaid && isUser ? "edit" : null,
      isSaid ? "remove" : null,
    ].filter((name) => name !== null);
    const drawn = JSON.stringify([names, canChange]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    const made = {
      copy: () => this.#makeCopy(isUser),
      retry: () => this.#make("retry", "again", this.#strings.again, () => this.#acts.retry()),
      edit: () => this.#make("edit", "edit", this.#strings.edit, () => this.#acts.edit()),
      remove: () => this.#makeRemove(),
    };
    const focused = (this.element.getRootNode() as ShadowRoot).activeElement?.getAttribute("part");
    this.element.replaceChildren(
      ...names.map((name) => {
        const button = made[name as keyof typeof made]();
        button.disabled = name !== "copy" && !canChange;
        return button;
      }),
    );
    this.element.hidden = names.length === 0;
    // The buttons are new, and who was at one of them is still there.
    if (focused) this.element.querySelector<HTMLElement>(`[part="${focused}"]`)?.focus();
  }

  #make(name: Icon, part: string, label: string, act: () => void): HTMLButtonElement {
    const button = makeButton(part, name, label, true);
    button.addEventListener("click", act);
    return button;
  }

  #makeCopy(isUser: boolean): HTMLButtonElement {
    const label = isUser ? this.#strings.copy : this.#strings.copyMarkdown;
    const button = this.#make("copy", "copy-message", label, async () => {
      const isCopied = await copyText(this.#source, button);
      button.replaceChildren(icon(isCopied ? "copied" : "error"));
      setName(button, isCopied ? this.#strings.copied : this.#strings.copyFailed);
      setTimeout(() => {
        button.replaceChildren(icon("copy"));
        setName(button, label);
      }, SHOWN);
    });
    return button;
  }

  /** What is deleted is gone for good: the first press only asks. */
  #makeRemove(): HTMLButtonElement {
    let isAsking = false;
    const ask = (isAsked: boolean) => {
      isAsking = isAsked;
      button.replaceChildren(icon("remove"), isAsked ? this.#strings.confirmRemove : "");
      button.toggleAttribute("data-asking", isAsked);
      setName(button, isAsked ? this.#strings.confirmRemove : this.#strings.remove);
    };
    const button = this.#make("remove", "delete", this.#strings.remove, () => {
      if (isAsking) this.#acts.remove();
      else setTimeout(() => ask(false), CONFIRMABLE);
      ask(!isAsking);
    });
    button.addEventListener("blur", () => ask(false));
    return button;
  }
}

function setName(button: HTMLButtonElement, label: string): void {
  button.title = label;
  button.setAttribute("aria-label", label);
}

/** What goes with the next question: a chip for each thing, and exactly what will be sent of it. */

import { effect } from "@preact/signals-core";
import { makeButton } from "./button.js";
import { type Pending, readPending, readPreview } from "./context-wire.js";
import { make } from "./element.js";
import { isComposing } from "./keys.js";
import { Mentions } from "./mentions.js";
import type { Store } from "./store.js";
import { attachmentLabel, fill } from "./strings.js";
import type { ContextRequest } from "./wire.js";

export interface ContextCommands {
  askContext(request: ContextRequest, done: (refusal: string | null) => void): void;
}

export class ContextBar {
  readonly element: HTMLElement;
  /** What the composer shows of the names that can be attached. */
  readonly names: HTMLElement;
  readonly #list = document.createElement("ul");
  readonly #preview = make("div", "preview");
  readonly #warning = make("p", "preview-warning");
  readonly #text = make("div", "preview-text");
  readonly #input: HTMLTextAreaElement;
  readonly #store: Store;
  readonly #commands: ContextCommands;
  readonly #disposals: (() => void)[];
  #items: readonly Pending[] = [];
  #drawn = "[]";
  /** Whose text is shown. */
  #open: string | null = null;

  constructor(input: HTMLTextAreaElement, store: Store, commands: ContextCommands) {
    this.#input = input;
    this.#store = store;
    this.#commands = commands;
    const { strings } = store;
    this.#list.setAttribute("role", "list");
    this.#list.setAttribute("aria-label", strings.attached);
    this.#preview.id = "pw-preview";
    this.#preview.role = "region";
    this.#preview.tabIndex = 0;
    this.#preview.append(this.#warning, this.#text);
    this.#text.lang = "";
    this.element = make("div", "context", this.#list, this.#preview);
    this.element.addEventListener("keydown", (event) => this.#onKey(event));
    const mentions = new Mentions(input, store, (request) => this.#ask(request));
    this.names = mentions.element;
    this.#disposals = [
      effect(() => {
        const isThere = !store.lost.value && !store.unheard.value;
        this.#draw(isThere ? readPending(store.context.pending.value) : []);
      }),
      effect(() => {
        const preview = readPreview(store.context.answer.value);
        if (preview !== null && preview.name === this.#open) this.#text.textContent = preview.text;
      }),
      () => mentions.close(),
    ];
  }

  close(): void {
    for (const dispose of this.#disposals) dispose();
  }

  #ask(request: ContextRequest): void {
    this.#commands.askContext(request, (refusal) => {
      // Who writes an @ need not mean a name: nothing is said where none can be offered.
      if (refusal !== null && request.type !== "names") this.#store.note.value = refusal;
    });
  }

  #draw(items: readonly Pending[]): void {
    const drawn = JSON.stringify(items);
    if (drawn !== this.#drawn) {
      this.#drawn = drawn;
      const [at, part] = this.#focused();
      this.#items = items;
      this.#list.replaceChildren(...items.map((item) => this.#makeChip(item)));
      const isGone = !items.some(({ name }) => name === this.#open);
      this.#show(isGone ? null : this.#open);
      // What had the focus is made anew or gone, and the notebook must not get the next key.
      const chip = this.#list.children[Math.min(at, items.length - 1)];
      if (at >= 0) (chip?.querySelector<HTMLElement>(`[part=${part}]`) ?? this.#input).focus();
    }
    this.element.hidden = items.length === 0;
  }

  #makeChip(item: Pending): HTMLElement {
    const { name, kind, size, warning } = item;
    const { options, strings } = this.#store;
    const label = attachmentLabel(name, kind, size, options);
    const open = makeButton("attached", warning === null ? null : "interrupted", label);
    if (warning !== null) open.title = warning;
    open.setAttribute("aria-controls", this.#preview.id);
    open.addEventListener("click", () => this.#show(name === this.#open ? null : name));
    const remove = makeButton("detach", "cancel", fill(strings.detach, { name }), true);
    remove.addEventListener("click", () => this.#ask({ type: "detach", name }));
    const chip = document.createElement("li");
    chip.append(open, remove);
    return chip;
  }

  /** Show the text of `name` below the chips, or none. */
  #show(name: string | null): void {
    if (name !== this.#open) this.#text.textContent = "";
    this.#open = name;
    for (const [at, chip] of [...this.#list.children].entries()) {
      const isOpen = this.#items[at]?.name === name;
      chip.firstElementChild?.setAttribute("aria-expanded", String(isOpen));
    }
    this.#preview.hidden = name === null;
    if (name === null) return;
    const warning = this.#items.find((item) => item.name === name)?.warning ?? null;
    this.#warning.textContent = warning;
    this.#warning.hidden = warning === null;
    this.#preview.ariaLabel = fill(this.#store.strings.attachedText, { name });
    this.#ask({ type: "preview", name });
  }

  /** Which chip has the focus, or the text of which, and by what part. */
  #focused(): [number, string] {
    const { activeElement } = this.element.getRootNode() as ShadowRoot;
    if (activeElement === null || !this.element.contains(activeElement)) return [-1, ""];
    const chip = activeElement.closest("li");
    const at = [...this.#list.children].indexOf(chip as HTMLElement);
    const part = activeElement.getAttribute("part") ?? "";
    if (at >= 0) return [at, part];
    return [this.#items.findIndex(({ name }) => name === this.#open), "attached"];
  }

  #onKey(event: KeyboardEvent): void {
    if (event.key !== "Escape" || this.#open === null || isComposing(event)) return;
    event.preventDefault();
    event.stopPropagation();
    const at = this.#items.findIndex(({ name }) => name === this.#open);
    this.#show(null);
    this.#list.children[at]?.querySelector<HTMLElement>("[part=attached]")?.focus();
  }
}

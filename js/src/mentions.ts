/**
 * The names that can be attached, offered while the reader types one behind an `@`.
 *
 * It follows the combobox with a list of the ARIA Authoring Practices; but a text area is no
 * combobox (ARIA in HTML allows it no other role), so it stays one, with the list that it controls
 * and the option that is active in it.
 */

import { effect } from "@preact/signals-core";
import { type Attachable, readNames } from "./context-wire.js";
import { make, makeBox } from "./element.js";
import { hang, hasPopover, keepHanging } from "./hanging.js";
import { isComposing } from "./keys.js";
import type { Store } from "./store.js";
import { fill } from "./strings.js";
import type { ContextRequest } from "./wire.js";

/** More than that nobody looks through; to type narrows them. */
const MOST = 50;

/** The list is at most as high as this, in CSS pixels. */
const HEIGHT = 260;

/** An `@` that begins a word, up to the caret. */
const MENTION = /(?:^|[\s([{"'])@([^\s@]{0,128})$/;

export class Mentions {
  readonly element: HTMLElement;
  readonly #list = make("ul", "names");
  readonly #status = makeBox("unseen");
  readonly #input: HTMLTextAreaElement;
  readonly #store: Store;
  readonly #ask: (request: ContextRequest) => void;
  readonly #listening = new AbortController();
  readonly #dispose: () => void;
  #all: readonly Attachable[] = [];
  #found: readonly Attachable[] = [];
  #active = 0;
  /** Where the `@` is; null where the caret is behind none. */
  #start: number | null = null;
  /** The `@` of which the reader closed the list. */
  #dismissed: number | null = null;
  /** What listens to the window while the list is shown. */
  #showing: AbortController | null = null;

  constructor(input: HTMLTextAreaElement, store: Store, ask: (request: ContextRequest) => void) {
    this.#input = input;
    this.#store = store;
    this.#ask = ask;
    this.#list.id = "pw-names";
    this.#list.role = "listbox";
    this.#list.ariaLabel = store.strings.attachable;
    this.#list.popover = "manual";
    this.#list.hidden = true;
    // A press would take the focus out of the text.
    this.#list.addEventListener("pointerdown", (event) => event.preventDefault());
    this.#list.addEventListener("mousedown", (event) => event.preventDefault());
    this.#list.addEventListener("click", (event) => this.#onClick(event));
    this.#status.role = "status";
    this.element = makeBox("mentions", this.#list, this.#status);

    const { signal } = this.#listening;
    const look = () => this.#look();
    input.addEventListener(
      "input",
      (event) => {
        if (!(event as InputEvent).isComposing) look();
      },
      { signal },
    );
    input.addEventListener("compositionend", look, { signal });
    input.addEventListener("blur", () => this.#hide(), { signal });
    input.addEventListener("click", () => this.#hide(), { signal });
    // Before the composer, for which Enter sends and Escape stops.
    const onKey = (event: KeyboardEvent) => this.#onKey(event);
    input.parentElement?.addEventListener("keydown", onKey, { capture: true, signal });
    this.#dispose = effect(() => {
      const names = readNames(store.context.answer.value);
      if (names === null) return;
      this.#all = names;
      this.#draw();
    });
    look();
  }

  close(): void {
    this.#hide();
    this.#listening.abort();
    this.#dispose();
  }

  /** Look what the caret is behind; the names are asked for once for each `@`. */
  #look(): void {
    const { value, selectionStart, selectionEnd } = this.#input;
    const isOne = selectionStart === selectionEnd && !this.#store.lost.peek();
    const match = isOne ? MENTION.exec(value.slice(0, selectionStart)) : null;
    const start = match === null ? null : selectionStart - (match[1] ?? "").length - 1;
    const isNew = start !== this.#start;
    this.#start = start;
    if (start === null) this.#dismissed = null;
    if (start !== null && isNew && start !== this.#dismissed) this.#ask({ type: "names" });
    this.#active = 0;
    this.#draw();
  }

  #draw(): void {
    this.#found = this.#start === null ? [] : this.#find(this.#start);
    if (this.#found.length === 0 || this.#start === this.#dismissed) {
      this.#hide();
      return;
    }
    this.#active = Math.min(this.#active, this.#found.length - 1);
    this.#list.replaceChildren(...this.#found.map(makeOption));
    this.#show();
    this.#mark();
    const count = fill(this.#store.strings.attachableCount, { count: this.#found.length });
    if (this.#status.textContent !== count) this.#status.textContent = count;
  }

  /** What begins with what was typed comes before what only has it in it. */
  #find(start: number): readonly Attachable[] {
    const typed = this.#input.value.slice(start + 1, this.#input.selectionStart).toLowerCase();
    const rank = ({ name }: Attachable) => name.toLowerCase().indexOf(typed);
    const has = this.#all.filter((one) => rank(one) >= 0);
    const begins = has.filter((one) => rank(one) === 0);
    return [...begins, ...has.filter((one) => rank(one) > 0)].slice(0, MOST);
  }

  #show(): void {
    const isShown = !hasPopover(this.#list) || this.#list.matches(":popover-open");
    if (this.#showing === null || !isShown) {
      this.#showing?.abort();
      this.#showing = new AbortController();
      this.#list.hidden = false;
      if (hasPopover(this.#list)) this.#list.showPopover();
      const page = this.#list.ownerDocument.defaultView ?? window;
      keepHanging(page, () => this.#place(), this.#showing.signal);
    }
    this.#input.setAttribute("aria-autocomplete", "list");
    this.#input.setAttribute("aria-haspopup", "listbox");
    this.#input.setAttribute("aria-controls", this.#list.id);
    this.#place();
  }

  #hide(): void {
    if (this.#showing === null) return;
    this.#showing.abort();
    this.#showing = null;
    if (hasPopover(this.#list) && this.#list.isConnected) this.#list.hidePopover();
    this.#list.hidden = true;
    this.#status.textContent = "";
    for (const name of ["autocomplete", "haspopup", "controls", "activedescendant"]) {
      this.#input.removeAttribute(`aria-${name}`);
    }
  }

  #place(): void {
    hang(this.#list, this.#input.parentElement ?? this.#input, HEIGHT);
  }

  #mark(): void {
    for (const [at, option] of [...this.#list.children].entries()) {
      option.ariaSelected = String(at === this.#active);
      if (at !== this.#active) continue;
      this.#input.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView?.({ block: "nearest" });
    }
  }

  #onKey(event: KeyboardEvent): void {
    const { key, shiftKey, ctrlKey, altKey, metaKey } = event;
    if (this.#showing === null || isComposing(event)) return;
    if (shiftKey || ctrlKey || altKey || metaKey) return;
    const step = STEPS.get(key);
    if (step !== undefined) {
      const { length } = this.#found;
      this.#active = (this.#active + step + length) % length;
      this.#mark();
    } else if (key === "Enter" || key === "Tab") this.#pick(this.#active);
    else if (key === "Escape") {
      this.#dismissed = this.#start;
      this.#hide();
    } else {
      if (LEAVING.has(key)) this.#hide();
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  #onClick({ target }: Event): void {
    const option = (target as Element).closest("li");
    if (option !== null) this.#pick([...this.#list.children].indexOf(option));
  }

  /** Attach it, and leave its name in the text, by which the question speaks of it. */
  #pick(at: number): void {
    const picked = this.#found[at];
    if (picked === undefined || this.#start === null) return;
    const { name } = picked;
    this.#input.setRangeText(`@${name} `, this.#start, this.#input.selectionStart, "end");
    this.#hide();
    // The composer grows with its text.
    this.#input.dispatchEvent(new Event("input", { bubbles: true }));
    this.#ask({ type: "attach", name });
  }
}

const STEPS = new Map([
  ["ArrowDown", 1],
  ["ArrowUp", -1],
]);

/** These take the caret elsewhere. */
const LEAVING = new Set(["ArrowLeft", "ArrowRight", "Home", "End", "PageUp", "PageDown"]);

function makeOption({ name, kind }: Attachable, at: number): HTMLElement {
  const label = document.createElement("span");
  label.textContent = name;
  const sort = document.createElement("small");
  sort.textContent = kind;
  const option = make("li", "name", label, " ", sort);
  option.role = "option";
  option.id = `pw-name-${at}`;
  return option;
}

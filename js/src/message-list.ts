/**
 * The log: one element per item, kept by its key, and scrolled with the text while the reader is at
 * its end.
 */

import { makeButton } from "./button.js";
import { make, makeBox } from "./element.js";
import { type MessageCommands, MessageView } from "./message.js";
import type { Item, Store } from "./store.js";
import { EmptyState } from "./suggestions.js";

/** Fractions of a pixel, by which a scrolled box may stop short of its end. */
const SLACK = 4;

export class MessageList {
  readonly element: HTMLElement;
  readonly #log = make("div", "log");
  readonly #jump: HTMLButtonElement;
  readonly #empty: EmptyState;
  readonly #views = new Map<string, MessageView>();
  readonly #store: Store;
  readonly #commands: MessageCommands;
  readonly #resized: ResizeObserver | null;
  #drawn: readonly unknown[] = [];
  #isStuck = true;
  #top = 0;

  constructor(store: Store, commands: MessageCommands) {
    const { strings } = store;
    this.#store = store;
    this.#commands = commands;

    // A log announces each change; an answer would be read out in shreds. It is silent, and the
    // status line says once what happens; the text is there to be read at the reader's own pace.
    this.#log.setAttribute("role", "log");
    this.#log.setAttribute("aria-live", "off");
    this.#log.setAttribute("aria-label", strings.conversation);
    this.#log.tabIndex = 0;
    this.#log.addEventListener("scroll", () => this.#onScroll(), { passive: true });

    this.#empty = new EmptyState(store.options, commands.ask);
    this.#log.append(this.#empty.element);

    this.#jump = makeButton("jump", "jump", strings.jump);
    this.#jump.hidden = true;
    this.#jump.addEventListener("click", () => {
      this.#log.focus({ preventScroll: true });
      this.scrollToEnd();
    });
    this.element = makeBox("scroller", this.#log, this.#jump);

    const hasObserver = typeof ResizeObserver === "function";
    this.#resized = hasObserver ? new ResizeObserver(() => this.#keepPlace()) : null;
    this.#resized?.observe(this.#log);
  }

  /** Draw what the store holds; called once per frame, so that layout is done once per frame. */
  draw(): void {
    const store = this.#store;
    const history = store.history.value;
    const live = store.live.value;
    const pending = store.pending.value;
    const canChange = store.canChange.value;
    const structure = [history, live?.key, pending, canChange];
    if (structure.some((one, i) => one !== this.#drawn[i]) || this.#drawn.length === 0) {
      this.#drawn = structure;
      this.#reconcile([...history, ...(live === null ? [] : [live]), ...pending], canChange);
    } else if (live !== null) {
      this.#views.get(live.key)?.draw(live, false, true);
    }
    if (this.#isStuck) this.#toEnd();
    else this.#lookWhere();
  }

  scrollToEnd(): void {
    this.#isStuck = true;
    this.#toEnd();
  }

  /** Open the last question for editing; returns false where that is not possible. */
  editLast(): boolean {
    const last = this.#store.history.value.findLast((item) => item.role === "user");
    if (last === undefined || !this.#store.canChange.value) return false;
    void this.#views.get(last.key)?.edit();
    return true;
  }

  close(): void {
    this.#resized?.disconnect();
  }

  #reconcile(items: readonly Item[], canChange: boolean): void {
    const keys = new Set(items.map((item) => item.key));
    for (const [key, view] of this.#views) {
      if (keys.has(key)) continue;
      view.element.remove();
      this.#views.delete(key);
    }
    this.#empty.draw(items.length === 0, canChange);
    let next = this.#empty.element.nextElementSibling;
    for (const [index, item] of items.entries()) {
      let view = this.#views.get(item.key);
      if (view === undefined) {
        view = new MessageView(this.#commands, this.#store.options);
        this.#views.set(item.key, view);
      }
      view.draw(item, canChange, index === items.length - 1);
      if (view.element === next) next = next.nextElementSibling;
      else this.#log.insertBefore(view.element, next);
    }
  }

  /** Only going up lets go of the end: the text's own growth moves nothing upwards. */
  #onScroll(): void {
    const { scrollTop, clientHeight } = this.#log;
    if (clientHeight === 0) return;
    if (scrollTop < this.#top) this.#isStuck = false;
    this.#top = scrollTop;
    this.#lookWhere();
  }

  #lookWhere(): void {
    const { scrollHeight, scrollTop, clientHeight } = this.#log;
    if (scrollHeight - scrollTop - clientHeight <= SLACK) this.#isStuck = true;
    this.#jump.hidden = this.#isStuck;
  }

  /** A log that was hidden or taken out of the page comes back with its scroll lost. */
  #keepPlace(): void {
    if (this.#log.clientHeight === 0) return;
    if (this.#isStuck) this.#toEnd();
    else this.#log.scrollTop = this.#top;
  }

  #toEnd(): void {
    this.#log.scrollTop = this.#log.scrollHeight;
    this.#top = this.#log.scrollTop;
    this.#jump.hidden = true;
  }
}

/**
 * The log: one element per item, kept by its key, and scrolled with the text while the reader is at
 * its end.
 *
 * The elements stand in batches, which the browser skips as long as they are far off the screen
 * (see styles.css). Of a long conversation the end is drawn at once, and what is before it in the
 * pauses after that, the latest first: all of it can then be found, read out and selected.
 */

import { makeButton } from "./button.js";
import { make, makeBox } from "./element.js";
import { type MessageCommands, MessageView } from "./message.js";
import type { Item, Store } from "./store.js";
import { EmptyState } from "./suggestions.js";

/** Fractions of a pixel, by which a scrolled box may stop short of its end. */
const SLACK = 4;

/** How many items stand in a batch, and how many batches are drawn at once. */
const BATCH = 10;
const AT_ONCE = 3;

/** For how long what is before those is drawn without a pause, and the pause: ms. */
const SLICE = 8;
const PAUSE = 16;

export class MessageList {
  readonly element: HTMLElement;
  readonly #log = make("div", "log");
  readonly #jump: HTMLButtonElement;
  readonly #empty: EmptyState;
  readonly #views = new Map<string, MessageView>();
  readonly #store: Store;
  readonly #commands: MessageCommands;
  readonly #resized: ResizeObserver | null;
  readonly #grown: ResizeObserver | null;
  readonly #batches = new Map<number, HTMLElement>();
  #items: readonly Item[] = [];
  #canChange = false;
  /** The first batch that is drawn. */
  #first = Number.POSITIVE_INFINITY;
  #timer: ReturnType<typeof setTimeout> | undefined;
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
    this.#log.className = "stuck";
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
    // Heights are known when layout is done: asked for any sooner, they would be laid out for twice.
    this.#grown = hasObserver ? new ResizeObserver(() => this.#followText()) : null;
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
    if (this.#grown === null) this.#followText();
  }

  scrollToEnd(): void {
    this.#stick(true);
    this.#toEnd();
  }

  /** Open the last question for editing; returns false where that is not possible. */
  editLast(): boolean {
    const last = this.#store.history.value.findLast((item) => item.role === "user");
    if (last === undefined || !this.#store.canChange.value) return false;
    this.#views.get(last.key)?.edit();
    return true;
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#resized?.disconnect();
    this.#grown?.disconnect();
  }

  #reconcile(items: readonly Item[], canChange: boolean): void {
    const keys = new Set(items.map((item) => item.key));
    for (const [key, view] of this.#views) {
      if (keys.has(key)) continue;
      view.element.remove();
      this.#views.delete(key);
    }
    this.#empty.draw(items.length === 0, canChange);
    this.#items = items;
    this.#canChange = canChange;
    const count = Math.ceil(items.length / BATCH);
    if (this.#views.size === 0) this.#first = Number.POSITIVE_INFINITY;
    this.#first = Math.min(this.#first, Math.max(0, count - AT_ONCE));
    for (const [index, batch] of this.#batches) {
      if (index >= this.#first && index < count) continue;
      this.#grown?.unobserve(batch);
      batch.remove();
      this.#batches.delete(index);
    }
    for (let index = count - 1; index >= this.#first; index -= 1) this.#makeBatch(index);
    for (let index = this.#first; index < count; index += 1) this.#drawBatch(index);
    this.#fillSoon();
  }

  #makeBatch(index: number): void {
    if (this.#batches.has(index)) return;
    const batch = document.createElement("div");
    batch.className = "batch";
    this.#log.insertBefore(batch, this.#batches.get(index + 1) ?? null);
    this.#batches.set(index, batch);
    this.#grown?.observe(batch);
  }

  #drawBatch(index: number): void {
    const batch = this.#batches.get(index);
    const start = index * BATCH;
    let next = batch?.firstElementChild ?? null;
    for (const [i, item] of this.#items.slice(start, start + BATCH).entries()) {
      let view = this.#views.get(item.key);
      if (view === undefined) {
        view = new MessageView(this.#commands, this.#store.options);
        this.#views.set(item.key, view);
      }
      view.draw(item, this.#canChange, start + i === this.#items.length - 1);
      if (view.element === next) next = next.nextElementSibling;
      else batch?.insertBefore(view.element, next);
    }
  }

  #fillSoon(): void {
    clearTimeout(this.#timer);
    if (this.#first > 0) this.#timer = setTimeout(() => this.#fill(), PAUSE);
  }

  /** Draw some more of what is before, and leave what the reader sees where it is. */
  #fill(): void {
    const top = this.#batches.get(this.#first);
    const before = top?.getBoundingClientRect().top ?? 0;
    const end = performance.now() + SLICE;
    do {
      this.#first -= 1;
      this.#makeBatch(this.#first);
      this.#drawBatch(this.#first);
    } while (this.#first > 0 && performance.now() < end);
    if (this.#isStuck) this.#toEnd();
    else this.#log.scrollTop += (top?.getBoundingClientRect().top ?? 0) - before;
    this.#fillSoon();
  }

  /** Only going up lets go of the end: the text's own growth moves nothing upwards. */
  #onScroll(): void {
    const { scrollTop, clientHeight } = this.#log;
    if (clientHeight === 0) return;
    if (scrollTop < this.#top) this.#stick(false);
    this.#top = scrollTop;
    this.#lookWhere();
  }

  #lookWhere(): void {
    const { scrollHeight, scrollTop, clientHeight } = this.#log;
    if (scrollHeight - scrollTop - clientHeight <= SLACK) this.#stick(true);
    this.#jump.hidden = this.#isStuck;
  }

  /** A log that was hidden or taken out of the page comes back with its scroll lost. */
  #keepPlace(): void {
    if (this.#log.clientHeight === 0) return;
    if (this.#isStuck) this.#toEnd();
    else this.#log.scrollTop = this.#top;
  }

  #followText(): void {
    if (this.#isStuck) this.#toEnd();
    else this.#lookWhere();
  }

  /** What is skipped has a height that was guessed; the browser keeps the place when it learns it. */
  #stick(isStuck: boolean): void {
    this.#isStuck = isStuck;
    this.#log.classList.toggle("stuck", isStuck);
  }

  #toEnd(): void {
    this.#log.scrollTop = this.#log.scrollHeight;
    this.#top = this.#log.scrollTop;
    this.#jump.hidden = true;
  }
}

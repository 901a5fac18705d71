/**
 * Browser pages that tests/pages.py drives: the real model.ts, store.ts and wire.ts on a clock that
 * only the driver moves. Each command is an array of a name and its arguments; see `Pages.obey`.
 */

import { effect } from "@preact/signals-core";
import { ModelLink } from "../src/model.js";
import { FakeModel } from "./fake-model.js";

interface Waiting {
  readonly at: number;
  readonly act: () => void;
}

/** Time that stands still between two commands, in ms. */
class Clock {
  now = 0;
  readonly #waiting = new Map<number, Waiting>();
  #count = 0;

  install(): void {
    const setTimeout = (act: () => void, delay: number) => {
      this.#count += 1;
      this.#waiting.set(this.#count, { at: this.now + delay, act });
      return this.#count;
    };
    const clearTimeout = (timer: number) => this.#waiting.delete(timer);
    Object.assign(globalThis, { setTimeout, clearTimeout });
    Date.now = () => this.now;
  }

  get next(): number | null {
    const times = [...this.#waiting.values()].map(({ at }) => at);
    return times.length > 0 ? Math.min(...times) : null;
  }

  get count(): number {
    return this.#waiting.size;
  }

  reset(): void {
    this.now = 0;
    this.#waiting.clear();
  }

  /** Go on to `until`, and do what is due on the way. */
  advance(until: number): void {
    for (let next = this.next; next !== null && next <= until; next = this.next) {
      const [name, { act }] = [...this.#waiting].find(([, { at }]) => at === next) as [
        number,
        Waiting,
      ];
      this.#waiting.delete(name);
      this.now = Math.max(this.now, next);
      act();
    }
    this.now = until;
  }
}

class Page {
  readonly model: FakeModel;
  readonly link: ModelLink;
  readonly ending = new AbortController();
  readonly #owner = {};
  readonly #unwatch: () => void;
  /** Each live answer that a view had to draw since the driver last looked: turn and text. */
  #drawn: [string | null, string][] = [];

  constructor(state: Record<string, unknown>) {
    this.model = new FakeModel(state);
    this.link = new ModelLink(this.model, this.ending.signal);
    const { store } = this.link;
    this.#unwatch = effect(() => {
      if (store.live.value !== null) {
        this.#drawn.push([store.turn.peek(), store.live.value.content]);
      }
    });
  }

  close(): void {
    this.#unwatch();
    this.ending.abort();
  }

  take(message: { method: "custom" | "update"; content?: unknown; state?: object }): void {
    if (message.method === "update") this.model.update(message.state as Record<string, unknown>);
    else this.model.custom(message.content);
  }

  send(text: string): void {
    if (this.link.store.canSend.value) this.link.send(text, this.#owner);
  }

  look() {
    const { store } = this.link;
    const { sent, values, listeners } = this.model;
    const found = {
      sent: sent.splice(0),
      drawn: this.#drawn,
      state: Object.fromEntries(KEYS.map((key) => [key, values[key]])),
      history: store.history.value.map(({ id, content, isCut }) => [id, content, isCut]),
      live: store.live.value?.content ?? null,
      turn: store.turn.value,
      phase: store.phase.value,
      unheard: store.unheard.value || store.lost.value,
      waiting: [...store.drafts.value, ...store.returned.value].map(({ text }) => text),
      listeners: listeners.length,
    };
    this.#drawn = [];
    return found;
  }
}

const KEYS = ["streamedText", "isStreaming", "messages", "_view"] as const;

export class Pages {
  readonly #clock = new Clock();
  readonly #pages = new Map<string, Page>();
  #named = 0;

  constructor() {
    this.#clock.install();
    // Names that are the same in every run, as all else here.
    crypto.getRandomValues = <T extends ArrayBufferView | null>(array: T): T => {
      this.#named += 1;
      if (array !== null) new DataView(array.buffer).setUint32(0, this.#named);
      return array;
    };
  }

  /** Do what `command` says, and return what there is to see then. */
  obey([name, ...values]: readonly [string, ...unknown[]]) {
    const [key, value, more] = values as [string, never, never];
    const page = this.#pages.get(key);
    switch (name) {
      case "open":
        page?.close();
        this.#pages.set(key, new Page(value));
        break;
      case "close":
        page?.close();
        this.#pages.delete(key);
        break;
      case "take":
        page?.take(value);
        break;
      case "send":
        page?.send(value);
        break;
      case "stop":
        page?.link.stop();
        break;
      case "retry":
        page?.link.retry();
        break;
      case "edit":
        page?.link.edit(value, more, () => {});
        break;
      case "delete":
        page?.link.remove(value);
        break;
      case "new":
        page?.link.ask({ type: "new" }, () => {});
        break;
      case "reconnected":
        page?.model.fire("comm_live_update");
        break;
      case "reset":
        for (const one of this.#pages.values()) one.close();
        this.#pages.clear();
        this.#named = 0;
        break;
      case "advance":
        this.#clock.advance(values[0] as number);
        break;
      default:
        throw new Error(`no command has the name ${name}`);
    }
    const timers = this.#clock.count;
    if (name === "reset") this.#clock.reset();
    const pages = [...this.#pages].map(([at, one]) => [at, one.look()]);
    return {
      next: this.#clock.next,
      timers,
      pages: Object.fromEntries(pages),
    };
  }
}

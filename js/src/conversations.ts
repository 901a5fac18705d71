/** The conversations that the server keeps, as signals, and what the reader asked about them. */

import { batch, computed, type ReadonlySignal, type Signal, signal } from "@preact/signals-core";
import type { Options } from "./options.js";
import type { Conversation, Reply, Request } from "./wire.js";

/** What is told of the open conversation, and who says how a request went. */
interface Around {
  readonly options: Options;
  readonly lost: ReadonlySignal<boolean>;
  readonly isFree: ReadonlySignal<boolean>;
  readonly note: Signal<string | null>;
}

interface Asked {
  readonly nonce: string;
  readonly request: Request;
  readonly done: (ok: boolean) => void;
}

export class Conversations {
  /** Whether the source of the answers keeps conversations at all. */
  readonly areKept = signal(false);
  /** The newest first; null until they were listed. */
  readonly list = signal<readonly Conversation[] | null>(null);
  /** The open one; null is a new one that the server has not named. */
  readonly current = signal<string | null>(null);
  /** The change that waits for its reply: they are made one by one. */
  readonly change = signal<Asked | null>(null);
  /** Why the last request was not done. */
  readonly refusal = signal<string | null>(null);
  /** Why the open conversation cannot be left; null where it can. */
  readonly locked = computed(() => {
    if (this.#around.lost.value) return this.options.strings.kernelGone;
    return this.#around.isFree.value ? null : this.options.strings.answerFirst;
  });

  readonly #around: Around;
  readonly #asked = new Map<string, Asked>();

  constructor(around: Around) {
    this.#around = around;
  }

  get options(): Options {
    return this.#around.options;
  }

  /** Say why `request` cannot be made now, or null where it can. */
  obstacle(request: Request): string | null {
    if (this.#around.lost.value) return this.options.strings.kernelGone;
    if (request.type === "list") return null;
    if (this.locked.value !== null && this.#leaves(request)) return this.locked.value;
    return this.change.value === null ? null : this.options.strings.changeFirst;
  }

  begin(nonce: string, request: Request, done: (ok: boolean) => void): void {
    const asked = { nonce, request, done };
    this.#asked.set(nonce, asked);
    batch(() => {
      this.say(null);
      if (request.type !== "list") this.change.value = asked;
    });
  }

  /** Let the reader ask again; a late reply still counts. */
  markOverdue(nonce: string): void {
    if (!this.#asked.has(nonce)) return;
    batch(() => {
      this.#release(nonce);
      this.say(this.options.strings.requestUnanswered);
    });
  }

  /** Take `reply`; false where it answers nothing that was asked in here. */
  settle({ nonce, ok, error }: Reply): boolean {
    const asked = this.#asked.get(nonce);
    if (asked === undefined) return false;
    this.#asked.delete(nonce);
    batch(() => {
      this.#release(nonce);
      if (!ok) this.say(error ?? this.options.strings.requestRefused);
      else if (this.refusal.value === this.options.strings.requestUnanswered) this.say(null);
    });
    asked.done(ok);
    return true;
  }

  /** Put `sentence` in place of the last one of this kind, and of no other. */
  say(sentence: string | null): void {
    const { note } = this.#around;
    batch(() => {
      if (sentence !== null || note.peek() === this.refusal.peek()) note.value = sentence;
      this.refusal.value = sentence;
    });
  }

  #release(nonce: string): void {
    if (this.change.value?.nonce === nonce) this.change.value = null;
  }

  #leaves(request: Request): boolean {
    if (request.type === "remove") return request.conversation === this.current.value;
    return request.type === "open" || request.type === "new";
  }
}

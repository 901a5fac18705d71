/**
 * The one place that talks to the model, and through it to the kernel.
 *
 * Deltas are applied with `model.set` and never with `save_changes`: that would send the stale text
 * back to the kernel. Each message to the kernel costs it about a millisecond and two messages on
 * the channel that the answer comes on, so acknowledgements are rare.
 */

import { shelf } from "./assets.js";
import { randomName, whole } from "./names.js";
import { readOptions } from "./options.js";
import type { Source } from "./shelf.js";
import { Store } from "./store.js";
import { type Timer, Timers } from "./timers.js";
import {
  type Command,
  type ContextRequest,
  EMPTY,
  type FromKernel,
  judgeCommand,
  MAX_TEXT,
  type Position,
  type Reply,
  type Request,
  readAsset,
  readConversations,
  readReply,
  reduce,
  type State,
} from "./wire.js";

/** What this package uses of the model that the host passes in. */
export interface Model {
  get(name: string): unknown;
  set(name: string, value: unknown): void;
  set(values: Readonly<Record<string, unknown>>): void;
  send(content: unknown): void;
  on(event: string, listener: (...values: never[]) => void): void;
  off(event: string, listener: (...values: never[]) => void): void;
}

const KEYS = ["streamedText", "isStreaming", "messages", "_view"] as const;

const ACK_INTERVAL = 1000; // ms
const ACK_UNITS = 128 * 1024; // UTF-16 code units
const ACK_DELAY = 250; // ms
const RESYNC_INTERVAL = 1000; // ms
const SEND_PATIENCE = 5000; // ms
/** Longer than a kernel takes that can hear: see the Stop matrix in the README. */
const STOP_PATIENCE = 300; // ms
const ACCEPTED_PATIENCE = 1000; // ms
const LOST_PATIENCE = 2000; // ms

/** When to say again that this browser is here, until the kernel answers: ms after the last time. */
const READY_AGAIN = [500, 1500, 4000] as const;

/** Longer than for a comm that changed: a kernel may first have to finish a cell. */
const RESTORED_PATIENCE = 10_000; // ms

export class ModelLink {
  readonly store: Store;
  readonly client = randomName();
  readonly #model: Model;
  readonly #timers = new Timers();
  /** What to do with the replies that are still to come, by their nonce. */
  readonly #asked = new Map<string, (reply: Reply) => void>();
  readonly #source: Source = {
    isLive: () => !this.store.lost.peek(),
    ask: (name) => this.#askAsset(name),
  };
  /** The model's values as this link last saw them, to tell a kernel's update from any other. */
  #seen: readonly unknown[] = [];
  #isWriting = false;
  #reported: Position = { turn: null, offset: 0, revision: 0 };
  #reportedAt = 0;
  #ackTimer: Timer | undefined;
  #lostTimer: Timer | undefined;
  #readyTimer: Timer | undefined;
  #resyncAt = Number.NEGATIVE_INFINITY;

  constructor(model: Model, signal: AbortSignal) {
    this.#model = model;
    this.store = new Store(readOptions(model.get("_options")));
    this.#readModel(EMPTY);
    model.on("msg:custom", this.#onCustom);
    model.on("change", this.#onChange);
    model.on("comm_live_update", this.#onCommLive);
    signal.addEventListener("abort", () => this.#close(), { once: true });
    // Restored without a kernel, a conversation can be read; but nothing streams in it.
    this.#probe(RESTORED_PATIENCE, this.store.isStreaming.value);
    this.#readyAgain(0);
  }

  /** Ask `text`; `owner` gets it back where the kernel refuses it. */
  send(text: string, owner: object): void {
    const nonce = randomName();
    const sent = whole(text);
    this.store.addDraft(nonce, sent, owner);
    this.#timers.after(SEND_PATIENCE, () => this.store.markDraftOverdue(nonce));
    this.#showPresence();
    this.#send({ type: "send", client: this.client, nonce, text: sent });
  }

  /** Stop the running turn: on the screen at once, in the kernel as soon as it hears. */
  stop(): void {
    const isAsked = this.store.phase.value === "stopping";
    if (isAsked && !this.store.stopping.value?.overdue) return;
    const turn = this.store.stop();
    if (turn === null) return;
    this.#timers.after(STOP_PATIENCE, () => this.store.markStopOverdue(turn));
    this.#send({ type: "stop", client: this.client, turn });
  }

  /** Ask the last question again. */
  retry(): void {
    const command = { type: "retry", client: this.client, nonce: randomName() } as const;
    this.#ask(command, this.store.strings.retryRefused);
  }

  /** Ask `text` in the place of a question; `settled` says whether the kernel does. */
  edit(message: string, text: string, settled: (isDone: boolean) => void): void {
    if (text.length > MAX_TEXT) {
      this.store.note.value = this.store.strings.tooLong;
      settled(false);
      return;
    }
    const [client, nonce] = [this.client, randomName()];
    this.#ask(
      { type: "edit", client, nonce, message, text: whole(text) },
      this.store.strings.editRefused,
      settled,
    );
  }

  remove(message: string): void {
    const [client, nonce] = [this.client, randomName()];
    this.#ask({ type: "delete", client, nonce, message }, this.store.strings.removeRefused);
  }

  /** Send a command about what was said, one at a time, and wait for the kernel's word. */
  #ask(
    command: Command & { readonly nonce: string },
    refused: string,
    settled?: (isDone: boolean) => void,
  ): void {
    if (!this.store.canChange.value) {
      settled?.(false);
      return;
    }
    const settle = (note: string | null) => {
      this.store.isAsking.value = false;
      this.store.note.value = note;
      settled?.(note === null);
    };
    this.#asked.set(command.nonce, ({ ok, error }) => settle(ok ? null : (error ?? refused)));
    this.store.isAsking.value = true;
    this.store.note.value = null;
    this.#timers.after(SEND_PATIENCE, () => {
      if (this.#asked.delete(command.nonce) && this.store.isAsking.value)
        settle(this.store.strings.unheard);
    });
    this.#showPresence();
    this.#send(command);
  }

  /** Ask about the conversations that the server keeps; `done` hears whether it was done. */
  ask(request: Request, done: (ok: boolean) => void): void {
    const { conversations } = this.store;
    if (conversations.obstacle(request) !== null) return;
    const nonce = randomName();
    conversations.begin(nonce, request, done);
    this.#timers.after(SEND_PATIENCE, () => conversations.markOverdue(nonce));
    this.#showPresence();
    this.#send({ ...request, client: this.client, nonce });
  }

  /** Ask about the context of the next question; `done` hears why it was not done, or null. */
  askContext(request: ContextRequest, done: (refusal: string | null) => void): void {
    const nonce = randomName();
    const { unheard, requestRefused } = this.store.strings;
    this.#asked.set(nonce, ({ ok, error }) => done(ok ? null : (error ?? requestRefused)));
    this.#timers.after(SEND_PATIENCE, () => {
      if (this.#asked.delete(nonce)) done(unheard);
    });
    this.#showPresence();
    this.#send({ ...request, client: this.client, nonce });
  }

  #askAsset(name: string): void {
    const nonce = randomName();
    this.#asked.set(nonce, ({ ok, error }) => {
      if (!ok) shelf.refuse(name, error ?? this.store.strings.requestRefused);
    });
    this.#send({ type: "asset", client: this.client, nonce, name });
  }

  readonly #onCustom = (content: unknown): void => {
    this.#hear();
    const reply = readReply(content);
    if (reply !== null) {
      if (!this.store.conversations.settle(reply)) this.#settle(reply);
      return;
    }
    const asset = readAsset(content);
    if (asset !== null) {
      void shelf.take(asset.name, asset.text);
      return;
    }
    if (this.store.context.take(content)) return;
    const listed = readConversations(content);
    if (listed !== null) {
      this.store.conversations.list.value = listed;
      return;
    }
    const before = this.store.state;
    const { state, resync, isRepeated } = reduce(before, { method: "custom", content });
    if (resync) this.#askResync();
    if (isRepeated) this.#ackRepeated();
    if (state === before) return;
    this.#writeModel(before, state);
    this.store.accept(state);
    if (before.isStreaming && !state.isStreaming) this.#report("ack");
    else this.#ackWhenDue();
  };

  readonly #onChange = (): void => {
    const isOurs =
      this.#isWriting || KEYS.every((key, i) => this.#model.get(key) === this.#seen[i]);
    if (isOurs) return;
    this.#hear();
    this.#readModel(this.store.state);
    this.#resyncAt = Number.NEGATIVE_INFINITY;
    this.#ackRepeated();
  };

  // Where the kernel restarts, the host marks the comm as dead and nothing more comes: neither a
  // closing message nor an error on sending. Only a kernel that does not answer tells it is gone.
  readonly #onCommLive = (): void => {
    this.#probe(LOST_PATIENCE, true);
    this.#readyAgain(0);
  };

  /** Wait for a word of the kernel; `isSure` where its silence can only mean that it is gone. */
  #probe(patience: number, isSure: boolean): void {
    this.#timers.cancel(this.#lostTimer);
    this.#lostTimer = this.#timers.after(patience, () => {
      this.store[isSure ? "lost" : "unheard"].value = true;
    });
    this.#report("ready");
  }

  /**
   * A word, or the answer to it, may be lost. And JupyterLab makes the channel that is heard during
   * a busy cell only once it has sent something; the first word of a widget that its own cell keeps
   * waiting lies behind that cell.
   */
  #readyAgain(time: number): void {
    this.#timers.cancel(this.#readyTimer);
    const delay = READY_AGAIN[time];
    if (delay === undefined) return;
    this.#readyTimer = this.#timers.after(delay, () => {
      this.#report("ready");
      this.#readyAgain(time + 1);
    });
  }

  #hear(): void {
    this.#timers.cancel(this.#lostTimer);
    this.#timers.cancel(this.#readyTimer);
    this.store.lost.value = false;
    this.store.unheard.value = false;
    shelf.hear(this.#source);
  }

  #readModel(before: State): void {
    this.#seen = KEYS.map((key) => this.#model.get(key));
    const state = Object.fromEntries(KEYS.map((key, i) => [key, this.#seen[i]]));
    const message: FromKernel = { method: "update", state };
    this.store.accept(reduce(before, message).state);
  }

  #writeModel(before: State, after: State): void {
    const changes = Object.fromEntries(
      KEYS.filter((key) => after[key] !== before[key]).map((key) => [key, after[key]]),
    );
    this.#isWriting = true;
    try {
      this.#model.set(changes);
      // Outside Jupyter, a host may know the form with two arguments only.
      for (const [key, value] of Object.entries(changes)) {
        if (this.#model.get(key) !== value) this.#model.set(key, value);
      }
    } finally {
      this.#isWriting = false;
    }
    this.#seen = KEYS.map((key) => this.#model.get(key));
  }

  #settle(reply: Reply): void {
    const { nonce, ok, error } = reply;
    const settle = this.#asked.get(nonce);
    if (settle !== undefined) {
      this.#asked.delete(nonce);
      settle(reply);
    } else if (ok) {
      // The message itself may still be on its way, so the draft stays until it is there.
      this.store.acceptDraft(nonce);
      this.#timers.after(ACCEPTED_PATIENCE, () => this.store.dropDraft(nonce));
    } else {
      this.store.returnDraft(nonce, error ?? this.store.strings.refused);
    }
  }

  /** A kernel that missed our last word may think nobody is here, and would stream to nobody. */
  #showPresence(): void {
    if (Date.now() - this.#reportedAt > ACK_INTERVAL) this.#report("ack");
  }

  #askResync(): void {
    const now = Date.now();
    if (now - this.#resyncAt < RESYNC_INTERVAL) return;
    this.#resyncAt = now;
    this.#report("resync");
  }

  #ackWhenDue(): void {
    const { streamedText } = this.store.state;
    const isLate = Date.now() - this.#reportedAt > ACK_INTERVAL;
    if (isLate || streamedText.length - this.#reported.offset > ACK_UNITS) this.#report("ack");
    else this.#ackAfter(ACK_DELAY);
  }

  /** Acknowledge what may be sent again for want of our word, even where it says nothing new. */
  #ackRepeated(): void {
    const wait = this.#hasMoved() ? 0 : ACK_DELAY - (Date.now() - this.#reportedAt);
    if (wait <= 0) this.#report("ack");
    else this.#ackAfter(wait);
  }

  #ackAfter(delay: number): void {
    this.#timers.cancel(this.#ackTimer);
    this.#ackTimer = this.#timers.after(delay, () => this.#report("ack"));
  }

  #hasMoved(): boolean {
    const { turn, offset, revision } = this.#reported;
    const now = this.#position();
    return turn !== now.turn || offset !== now.offset || revision !== now.revision;
  }

  #position(): Position {
    const { streamedText, _view } = this.store.state;
    return { turn: _view.turn, offset: streamedText.length, revision: _view.revision };
  }

  #report(type: "ready" | "ack" | "resync"): void {
    this.#timers.cancel(this.#ackTimer);
    this.#reported = this.#position();
    this.#reportedAt = Date.now();
    this.#send({ type, client: this.client, ...this.#reported });
  }

  #send(command: Command): void {
    if (judgeCommand(command) !== "valid") return;
    try {
      this.#model.send(command);
    } catch {
      // The host has thrown the comm away, so no message can come either.
      this.store.lost.value = true;
    }
  }

  #close(): void {
    shelf.leave(this.#source);
    this.#model.off("msg:custom", this.#onCustom);
    this.#model.off("change", this.#onChange);
    this.#model.off("comm_live_update", this.#onCommLive);
    this.#timers.close();
  }
}

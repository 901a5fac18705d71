/**
 * What the view draws, as signals: the synced state, this browser's own part, and what follows.
 *
 * Nothing in here knows the model, the page or the clock. A drawn item has a key of its own, which
 * outlives the message's id: a draft becomes the kernel's user message and a streamed answer the
 * ending's assistant message in the same place, so that the view keeps its element and its scroll.
 */

import { batch, computed, signal } from "@preact/signals-core";
import { Conversations } from "./conversations.js";
import { type Cut, cutMessage, type Stopping } from "./cut.js";
import { type Details, NO_DETAILS } from "./details.js";
import { type Labels, readLabels } from "./labels.js";
import { type Options, readOptions } from "./options.js";
import { count, explain, type Strings } from "./strings.js";
import {
  type Attempt,
  EMPTY,
  type Ending,
  type Message,
  readAttempt,
  readConversation,
  readLeft,
  readMessages,
  readReasoning,
  type State,
} from "./wire.js";

export type Phase =
  | "idle"
  | "waiting"
  | "streaming"
  | "reconnecting"
  | "stopping"
  | "ended"
  | "stopped"
  | "failed"
  | "lost";

export interface Item {
  readonly key: string;
  /** The kernel's name for it; null for what is on its way. */
  readonly id: string | null;
  readonly role: "user" | "assistant";
  readonly status: Ending | "streaming" | "pending";
  readonly content: string;
  /** The sentence beside the ending's label, else one about the message or the draft. */
  readonly note: string | null;
  /** What the model thought before it answered; null where it says nothing of that. */
  readonly reasoning: string | null;
  readonly details: Details;
  /** Whether more of it came than the reader is shown, who stopped it before. */
  readonly isCut: boolean;
}

/** A question on its way to the kernel. */
export interface Draft {
  readonly nonce: string;
  readonly text: string;
  /** The composer that asked, to which the text goes back when it is refused. */
  readonly owner: object;
  readonly accepted: boolean;
  readonly overdue: boolean;
}

export class Store {
  readonly options: Options;
  readonly strings: Strings;
  readonly messages = signal<readonly Message[]>([]);
  readonly streamedText = signal("");
  /** What the model thinks in the running turn. */
  readonly reasoning = signal("");
  readonly isStreaming = signal(false);
  readonly turn = signal<string | null>(null);
  readonly labels = signal<Labels>(readLabels({}));
  /** The connection that is being tried again; null while there is one. */
  readonly attempt = signal<Attempt | null>(null);
  /** How many questions a lesson still allows; null is any number. */
  readonly left = signal<number | null>(null);

  /** True while the kernel does not answer, until anything is heard from it. */
  readonly lost = signal(false);
  /** True while a restored chat has heard from no kernel: there may be none, or a busy one. */
  readonly unheard = signal(false);
  /** The turn that the reader stopped, until it ends. */
  readonly stopping = signal<Stopping | null>(null);
  readonly drafts = signal<readonly Draft[]>([]);
  /** Refused drafts, until their composer takes the text back. */
  readonly returned = signal<readonly Draft[]>([]);
  /** True while a command about what was said waits for the kernel's word. */
  readonly isAsking = signal(false);
  /** A sentence about the last command, instead of the phase's. */
  readonly note = signal<string | null>(null);

  /** What a closed composer held, for the next one to open. */
  unsent = "";

  #state: State = EMPTY;
  readonly #keys = new Map<string, string>();
  /** Where the reader stopped what a busy kernel went on with, by the items' keys. */
  readonly #cuts = signal<ReadonlyMap<string, Cut>>(new Map());

  constructor(options: Options = readOptions(null)) {
    this.options = options;
    this.strings = options.strings;
  }

  /** The messages as the reader is shown them. */
  readonly #shown = computed(() =>
    this.messages.value.map((message) =>
      cutMessage(message, this.#cuts.value.get(this.#keyOf(message)), this.options),
    ),
  );

  readonly phase = computed<Phase>(() => {
    if (this.lost.value) return "lost";
    if (this.isStreaming.value) {
      if (this.#stopped() !== null) return "stopping";
      if (this.attempt.value !== null) return "reconnecting";
      return this.streamedText.value === "" ? "waiting" : "streaming";
    }
    const last = this.#shown.value.at(-1);
    if (last?.role !== "assistant") return "idle";
    if (last.status === "complete") return "ended";
    return last.status === "stopped" ? "stopped" : "failed";
  });

  readonly canSend = computed(
    () =>
      !this.isStreaming.value &&
      !this.lost.value &&
      this.left.value !== 0 &&
      this.drafts.value.every((draft) => draft.overdue && !draft.accepted),
  );

  readonly canChange = computed(() => this.canSend.value && !this.isAsking.value);

  readonly conversations = new Conversations(this);
  /** Grows when other messages take the place of all that were shown. */
  readonly replaced = signal(0);

  /** One sentence per phase; nothing in it changes with a token, since screen readers speak it. */
  readonly status = computed(() => {
    const phase = this.phase.value;
    if (phase === "lost") return this.strings.kernelGone;
    if (this.note.value !== null) return this.note.value;
    if (this.drafts.value.some((draft) => draft.overdue)) return this.strings.unanswered;
    if (this.unheard.value) return this.strings.noKernel;
    switch (phase) {
      case "idle":
        return "";
      case "waiting":
        return this.strings.thinking;
      case "streaming":
        return this.strings.generating;
      case "reconnecting":
        return this.attempt.value ? count(this.strings.reconnecting, this.attempt.value) : "";
      case "stopping":
        return this.stopping.value?.overdue ? this.strings.stillStopping : this.strings.stopping;
      case "ended":
        return this.strings.complete;
      case "stopped":
        return this.strings.stopped;
      case "failed":
        return explain(this.strings.failed, this.messages.value.at(-1)?.error ?? null);
    }
  });

  readonly history = computed<readonly Item[]>(() => {
    const items: Item[] = [];
    for (const [at, message] of this.#shown.value.entries()) {
      const { role, error, note, ...more } = message;
      // A system message instructs the model; it is no part of what was said.
      if (role === "system") continue;
      const isCut = message !== this.messages.value[at];
      items.push({ ...more, key: this.#keyOf(message), role, note: error ?? note, isCut });
    }
    return items;
  });

  /** The answer being streamed; cut where the reader stopped it, whatever still comes in. */
  readonly live = computed<Item | null>(() => {
    if (!this.isStreaming.value) return null;
    const lost = this.lost.value;
    const stopped = this.#stopped();
    return {
      key: `turn ${this.turn.value}`,
      id: null,
      role: "assistant",
      status: lost ? "interrupted" : stopped?.overdue ? "stopped" : "streaming",
      content: this.streamedText.value.slice(0, stopped?.shown),
      note: lost ? this.strings.kernelGoneShort : null,
      reasoning: this.reasoning.value.slice(0, stopped?.reasoned) || null,
      details: NO_DETAILS,
      isCut: false,
    };
  });

  readonly pending = computed<readonly Item[]>(() =>
    this.drafts.value.map(({ nonce, text, overdue }) => ({
      key: `draft ${nonce}`,
      id: null,
      role: "user",
      status: "pending",
      content: text,
      note: overdue ? this.strings.waiting : null,
      reasoning: null,
      details: NO_DETAILS,
      isCut: false,
    })),
  );

  get state(): State {
    return this.#state;
  }

  /** Take over what the kernel says, and settle whatever it answers. */
  accept(state: State): void {
    const before = this.#state;
    this.#state = state;
    batch(() => {
      if (state.messages !== before.messages) this.#acceptMessages(before, state);
      this.streamedText.value = state.streamedText;
      this.turn.value = state._view.turn;
      // A turn without a name cannot be stopped or appended to: only a broken state has one.
      this.isStreaming.value = state.isStreaming && state._view.turn !== null;
      if (state._view !== before._view) {
        this.#acceptLabels(state._view.labels);
        this.attempt.value = readAttempt(state._view);
        this.left.value = readLeft(state._view);
        this.reasoning.value = readReasoning(state._view);
        this.conversations.current.value = readConversation(state._view);
      }
      if (this.#stopped() === null) this.stopping.value = null;
      if (state.isStreaming !== before.isStreaming) this.note.value = null;
      if (state.isStreaming) this.isAsking.value = false;
    });
  }

  /** Freeze what is shown of the running turn; returns its name, or null where none runs. */
  stop(): string | null {
    const turn = this.turn.value;
    if (!this.isStreaming.value || turn === null) return null;
    const stopped = this.#stopped();
    const shown = stopped?.shown ?? this.streamedText.value.length;
    const reasoned = stopped?.reasoned ?? this.reasoning.value.length;
    this.stopping.value = { turn, shown, reasoned, overdue: false };
    return turn;
  }

  markStopOverdue(turn: string): void {
    const stopping = this.stopping.value;
    if (stopping?.turn === turn) this.stopping.value = { ...stopping, overdue: true };
  }

  /** Show all of an answer that was cut. */
  showRest(key: string): void {
    this.#cuts.value = new Map([...this.#cuts.value].filter(([cut]) => cut !== key));
  }

  addDraft(nonce: string, text: string, owner: object): void {
    const draft = { nonce, text, owner, accepted: false, overdue: false };
    batch(() => {
      this.note.value = null;
      this.drafts.value = [...this.drafts.value, draft];
    });
  }

  acceptDraft(nonce: string): void {
    this.#change(nonce, { accepted: true, overdue: false });
  }

  markDraftOverdue(nonce: string): void {
    const isWaiting = this.drafts.value.some((draft) => draft.nonce === nonce && !draft.accepted);
    if (isWaiting) this.#change(nonce, { overdue: true });
  }

  dropDraft(nonce: string): void {
    this.drafts.value = this.drafts.value.filter((draft) => draft.nonce !== nonce);
  }

  /** Put a refused draft where its composer finds it. */
  returnDraft(nonce: string, sentence: string): void {
    const refused = this.drafts.value.filter((draft) => draft.nonce === nonce);
    if (refused.length === 0) return;
    batch(() => {
      this.dropDraft(nonce);
      this.returned.value = [...this.returned.value, ...refused];
      this.note.value = sentence;
    });
  }

  /** A closed composer takes nothing back: any other may have what was its own. */
  disown(owner: object): void {
    const hand = (draft: Draft) => (draft.owner === owner ? { ...draft, owner: this } : draft);
    batch(() => {
      this.drafts.value = this.drafts.value.map(hand);
      this.returned.value = this.returned.value.map(hand);
    });
  }

  /** Return the refused texts of `owner`, in the order they were sent, and forget them. */
  takeReturned(owner: object): string[] {
    const isMine = (draft: Draft) => draft.owner === owner || draft.owner === this;
    const mine = this.returned.value.filter(isMine);
    if (mine.length > 0) {
      this.returned.value = this.returned.value.filter((draft) => !isMine(draft));
    }
    return mine.map((draft) => draft.text);
  }

  #change(nonce: string, change: Partial<Draft>): void {
    this.drafts.value = this.drafts.value.map((draft) =>
      draft.nonce === nonce ? { ...draft, ...change } : draft,
    );
  }

  #stopped() {
    const stopping = this.stopping.value;
    const isRunning = this.isStreaming.value && stopping?.turn === this.turn.value;
    return isRunning ? stopping : null;
  }

  #acceptMessages(before: State, after: State): void {
    const known = new Set(this.messages.value.map((message) => message.id));
    const messages = readMessages(after.messages);
    const isOther = isOtherConversation(before, after);
    if (!isOther) this.#keepRenamed(messages);
    const news = messages.filter(({ id }) => !known.has(id) && !this.#keys.has(id));
    const hasEnded = before.isStreaming && !(after.isStreaming && sameTurn(before, after));
    const answer = hasEnded ? news.find((message) => message.role === "assistant") : undefined;
    if (answer !== undefined) this.#place(answer, before._view.turn);
    for (const message of news) {
      if (message.role === "user" && !isOther) this.#settleDraft(message);
    }
    for (const id of this.#keys.keys()) {
      if (!messages.some((message) => message.id === id)) this.#keys.delete(id);
    }
    this.messages.value = messages;
    const isKept = messages.some(({ id }) => known.has(id) || this.#keys.has(id));
    if (!isKept) this.replaced.value += 1;
  }

  /** The answer stands where it was streamed, and ends where the reader stopped it in vain. */
  #place({ id }: Message, turn: string | null): void {
    const key = `turn ${turn}`;
    this.#keys.set(id, key);
    const stopping = this.stopping.value;
    if (stopping?.overdue && stopping.turn === turn) {
      this.#cuts.value = new Map(this.#cuts.value).set(key, stopping);
    }
  }

  #keyOf({ id }: Message): string {
    return this.#keys.get(id) ?? `message ${id}`;
  }

  /** A server stores messages under ids of its own: the same text in the same place is the same. */
  #keepRenamed(messages: readonly Message[]): void {
    const ids = new Set(messages.map(({ id }) => id));
    for (const [at, old] of this.messages.value.entries()) {
      const now = messages[at];
      if (now === undefined || ids.has(old.id)) continue;
      if (now.role !== old.role || now.content !== old.content) continue;
      this.#keys.set(now.id, this.#keyOf(old));
    }
  }

  /** The kernel's messages carry no nonce: the same text, or else the first one accepted, is it. */
  #settleDraft(message: Message): void {
    const drafts = this.drafts.value;
    const said = message.content.trim();
    const draft = drafts.find(({ text }) => text.trim() === said) ?? drafts.find((d) => d.accepted);
    if (draft === undefined) return;
    this.#keys.set(message.id, `draft ${draft.nonce}`);
    this.dropDraft(draft.nonce);
  }

  #acceptLabels(raw: Readonly<Record<string, unknown>>): void {
    this.conversations.areKept.value = raw.conversations === "yes";
    const labels = readLabels(raw);
    const old = this.labels.value;
    const isSame =
      labels.title === old.title &&
      labels.notice === old.notice &&
      labels.placeholder === old.placeholder;
    if (!isSame) this.labels.value = labels;
  }
}

function sameTurn(a: State, b: State): boolean {
  return a._view.turn === b._view.turn;
}

/** A conversation that is named while it is answered is the same one; no turn survives another. */
function isOtherConversation(before: State, after: State): boolean {
  const isIdle = !before.isStreaming && !after.isStreaming;
  return isIdle && readConversation(before._view) !== readConversation(after._view);
}

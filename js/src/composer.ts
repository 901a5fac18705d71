/** Where the reader writes: the text area, Send, and Stop in its place while a turn runs. */

import { effect } from "@preact/signals-core";
import { makeButton } from "./button.js";
import type { ContextCommands } from "./context-bar.js";
import { ContextPlace } from "./context-place.js";
import { make } from "./element.js";
import { isComposing } from "./keys.js";
import { LessonLine } from "./lesson.js";
import type { Store } from "./store.js";
import { MAX_TEXT } from "./wire.js";

export interface Commands extends ContextCommands {
  send(text: string, owner: object): void;
  stop(): void;
  retry(): void;
  edit(message: string, text: string, settled: (isDone: boolean) => void): void;
  remove(message: string): void;
}

export class Composer {
  readonly element: HTMLElement;
  readonly lesson: LessonLine;
  readonly #input = make("textarea", "input");
  readonly #send: HTMLButtonElement;
  readonly #stop: HTMLButtonElement;
  readonly #store: Store;
  readonly #commands: Commands;
  readonly #onSend: () => void;
  readonly #onUp: () => boolean;
  readonly #disposals: (() => void)[];
  #complaint: string | null = null;

  /** `onUp` opens what was asked last for editing, where it can be. */
  constructor(store: Store, commands: Commands, onSend: () => void, onUp: () => boolean) {
    const { strings } = store;
    this.#send = makeButton("send", "send", strings.send, true);
    this.#stop = makeButton("stop", "stop", strings.stop, true);
    this.#store = store;
    this.#commands = commands;
    this.#onSend = onSend;
    this.#onUp = onUp;

    this.#input.setAttribute("aria-label", strings.input);
    this.#input.rows = 1;
    this.#input.value = store.unsent;
    store.unsent = "";
    this.#input.addEventListener("keydown", (event) => this.#onKey(event));
    this.#input.addEventListener("input", () => {
      this.#fit();
      // It was about another text.
      if (this.#store.note.value === this.#complaint) this.#store.note.value = null;
      this.#complaint = null;
    });
    this.lesson = new LessonLine(store, this.#input);
    this.#send.addEventListener("click", () => this.#submit());
    this.#stop.addEventListener("click", () => this.stop());
    this.element = make("div", "composer", this.#input, this.#send, this.#stop);

    const context = new ContextPlace(this.element, this.#input, store, commands);

    this.#disposals = [
      () => context.close(),
      effect(() => {
        const isOver = store.left.value === 0;
        const invitation = store.labels.value.placeholder ?? strings.placeholder;
        this.#input.placeholder = isOver ? strings.noQuestions : invitation;
      }),
      effect(() => {
        this.#stop.hidden = !store.isStreaming.value || store.lost.value;
        this.#send.hidden = !this.#stop.hidden;
        this.#send.disabled = !store.canSend.value;
      }),
      effect(() => {
        if (store.returned.value.length > 0) this.#takeBack(store.takeReturned(this));
      }),
    ];
  }

  /** Focus must not go with a button that is hidden: the notebook would get the next key. */
  focus(): void {
    this.#input.focus({ preventScroll: true });
  }

  /** Ask `text`, whatever is being written. */
  ask(text: string): void {
    this.focus();
    if (!this.#store.canSend.value) return;
    this.#commands.send(text, this);
    this.#onSend();
  }

  stop(): void {
    this.#commands.stop();
    this.focus();
  }

  close(): void {
    for (const dispose of this.#disposals) dispose();
    this.lesson.close();
    this.#store.unsent = this.#input.value;
    this.#store.disown(this);
  }

  #onKey(event: KeyboardEvent): void {
    // While an input method composes, Enter chooses a candidate.
    if (isComposing(event)) return;
    if (event.key === "ArrowUp" && this.#input.value === "") {
      if (!event.shiftKey && this.#onUp()) event.preventDefault();
      return;
    }
    if (event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault();
    this.#submit();
  }

  #submit(): void {
    const text = this.#input.value;
    this.focus();
    if (text.trim() === "" || !this.#store.canSend.value) return;
    const { tooLong } = this.#store.strings;
    const complaint = text.length > MAX_TEXT ? tooLong : this.lesson.complaint(text);
    if (complaint !== null) {
      this.#complaint = complaint;
      this.#store.note.value = complaint;
      return;
    }
    this.#write("");
    this.ask(text);
  }

  #takeBack(texts: readonly string[]): void {
    if (texts.length === 0) return;
    const typed = this.#input.value;
    this.#write([...texts, ...(typed === "" ? [] : [typed])].join("\n"));
  }

  #write(text: string): void {
    this.#input.value = text;
    this.#fit();
  }

  /** Say how long the text is, and grow with it where the style sheet cannot (`field-sizing`). */
  #fit(): void {
    this.lesson.count();
    if (globalThis.CSS?.supports?.("field-sizing", "content")) return;
    this.#input.style.height = "auto";
    this.#input.style.height = `${this.#input.scrollHeight}px`;
  }
}

/** What a lesson allows, said where the reader writes: how many questions, and how long ones. */

import { effect } from "@preact/signals-core";
import { make, makeBox } from "./element.js";
import type { Store } from "./store.js";
import { fill } from "./strings.js";

export interface Lesson {
  readonly maxTurns: number | null;
  /** Longest question, in code points. */
  readonly maxCharacters: number | null;
  readonly allowsContext: boolean;
  /** The file that the answers are logged to. */
  readonly log: string | null;
}

/** From which part of the allowed length on the reader is told how long the question is. */
const NEAR = 0.8;

/** Read the limits that the kernel sent; what is malformed is no limit. */
export function readLesson(raw: unknown): Lesson {
  const given = Object(raw) as Record<string, unknown>;
  const read = (name: string) => {
    const value = given[name];
    return Number.isSafeInteger(value) && Number(value) > 0 ? Number(value) : null;
  };
  const { log } = given;
  return {
    maxTurns: read("max_turns"),
    maxCharacters: read("max_characters"),
    allowsContext: given.allow_context !== false,
    log: typeof log === "string" && log.trim() !== "" ? log : null,
  };
}

/** The line at `input`; made for every chat, and hidden where nothing is limited. */
export class LessonLine {
  readonly element: HTMLElement;
  readonly close: () => void;
  readonly #length = make("span", "length");
  readonly #input: HTMLTextAreaElement;
  readonly #store: Store;

  constructor(store: Store, input: HTMLTextAreaElement) {
    const { maxTurns, maxCharacters } = store.options.lesson;
    this.#input = input;
    this.#store = store;
    const left = make("span", "left");
    // Each question is a new number, which is said; the length changes with each letter.
    left.role = "status";
    left.id = "pw-left";
    this.#length.id = "pw-length";
    this.element = makeBox("lesson", left, this.#length);
    this.element.hidden = maxTurns === null && maxCharacters === null;
    if (!this.element.hidden) input.setAttribute("aria-describedby", "pw-left pw-length");
    this.close = effect(() => {
      const count = store.left.value;
      const { questionsLeft, noQuestions } = store.strings;
      left.textContent = count === 0 ? noQuestions : "";
      if (count && maxTurns) left.textContent = fill(questionsLeft, { left: count, max: maxTurns });
      // Not disabled: the focus would go, and the notebook would get the next key.
      input.readOnly = count === 0;
    });
    this.count();
  }

  /** Say how long the question is, where that is near the limit or beyond it. */
  count(): void {
    const max = this.#store.options.lesson.maxCharacters;
    if (max === null) return;
    const { value } = this.#input;
    const isNear = value.length >= max * NEAR;
    const sentence = this.#store.strings.characters;
    this.#length.textContent = isNear ? fill(sentence, { count: characters(value), max }) : "";
    this.#input.setAttribute("aria-invalid", String(this.complaint(value) !== null));
  }

  /** What to say of a question that is too long; null where it is not. */
  complaint(text: string): string | null {
    const max = this.#store.options.lesson.maxCharacters;
    if (max === null || text.length <= max) return null;
    const count = characters(text);
    return count > max ? fill(this.#store.strings.tooManyCharacters, { count, max }) : null;
  }
}

/** Count code points, as the kernel does. */
function characters(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

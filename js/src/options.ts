/** What a chat was made with and keeps: its language, its suggestions and its lesson. */

import { type Lesson, readLesson } from "./lesson.js";
import { STRINGS, type Strings } from "./strings.js";

export interface Options {
  /** The language of the view; null is English, with dates and numbers as the reader has them. */
  readonly locale: string | null;
  readonly strings: Strings;
  readonly suggestions: readonly string[];
  readonly lesson: Lesson;
}

/** More than that no reader looks through, and no kernel sends. */
const MAX_SUGGESTIONS = 12;

/** Longest suggestion, and longest sentence of the view, in UTF-16 code units. */
const MAX_LENGTH = 300;

/** Read what the kernel sent, or a notebook was saved with; what is malformed is as if not given. */
export function readOptions(raw: unknown): Options {
  const { locale, strings, suggestions, lesson } = Object(raw) as Record<string, unknown>;
  const given = Object(strings) as Record<string, unknown>;
  const names = Object.keys(STRINGS) as (keyof Strings)[];
  const list: readonly unknown[] = Array.isArray(suggestions) ? suggestions : [];
  return {
    locale: readLocale(locale),
    strings: Object.fromEntries(
      names.map((name) => [name, isShort(given[name]) ? given[name] : STRINGS[name]]),
    ) as unknown as Strings,
    suggestions: [...new Set(list.filter(isShort))].slice(0, MAX_SUGGESTIONS),
    lesson: readLesson(lesson),
  };
}

function readLocale(value: unknown): string | null {
  try {
    return typeof value === "string" ? (Intl.getCanonicalLocales(value)[0] ?? null) : null;
  } catch {
    return null;
  }
}

function isShort(value: unknown): value is string {
  return typeof value === "string" && value.trim() !== "" && value.length <= MAX_LENGTH;
}

/** When something was, in the reader's own words. */

const MINUTE = 60_000; // ms
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Keeps its formats: to make one takes longer than to draw a row of a list. */
export class Ago {
  readonly #relative: Intl.RelativeTimeFormat;
  readonly #thisYear: Intl.DateTimeFormat;
  readonly #otherYear: Intl.DateTimeFormat;

  constructor(locale?: string) {
    const day = { day: "numeric", month: "short" } as const;
    this.#relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
    this.#thisYear = new Intl.DateTimeFormat(locale, day);
    this.#otherYear = new Intl.DateTimeFormat(locale, { ...day, year: "numeric" });
  }

  /** Say how long before `now` (ms) `at` was, from a week on its date; "" where it is no time. */
  say(at: string, now: number): string {
    const then = new Date(at);
    const passed = Math.max(0, now - then.getTime());
    if (Number.isNaN(passed)) return "";
    if (passed < MINUTE) return this.#relative.format(0, "second");
    if (passed < HOUR) return this.#relative.format(-Math.floor(passed / MINUTE), "minute");
    if (passed < DAY) return this.#relative.format(-Math.floor(passed / HOUR), "hour");
    const today = new Date(now);
    const days = Math.round((midnight(today) - midnight(then)) / DAY);
    if (days < 7) return this.#relative.format(-days, "day");
    const isThisYear = then.getFullYear() === today.getFullYear();
    return (isThisYear ? this.#thisYear : this.#otherYear).format(then);
  }
}

function midnight(at: Date): number {
  return new Date(at.getFullYear(), at.getMonth(), at.getDate()).getTime();
}

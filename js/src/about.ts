/** A line for whoever points at a message or tabs into it: its model, what it took, and when. */

import type { Details } from "./details.js";
import { make } from "./element.js";
import { fill, type Strings } from "./strings.js";

/** Formats are kept: to make one takes longer than to draw a message. */
const formats = new Map<string | null, Intl.DateTimeFormat>();

export class AboutLine {
  readonly element = make("div", "about");
  readonly #strings: Strings;
  readonly #locale: string | null;

  constructor(strings: Strings, locale: string | null) {
    this.#strings = strings;
    this.#locale = locale;
  }

  draw({ model, usage, timestamp }: Details): void {
    const at = new Date(timestamp ?? "");
    const texts = [model, usage === null ? null : this.#say(usage.input, usage.output)];
    const words = texts.filter((text) => text !== null).join(" · ");
    this.element.replaceChildren(words);
    if (!Number.isNaN(at.getTime())) {
      const time = document.createElement("time");
      time.dateTime = at.toISOString();
      time.textContent = this.#format().format(at);
      this.element.append(words === "" ? "" : " · ", time);
    }
  }

  #say(input: number, output: number): string {
    const write = (count: number) => count.toLocaleString(this.#locale ?? undefined);
    return fill(this.#strings.usage, { input: write(input), output: write(output) });
  }

  #format(): Intl.DateTimeFormat {
    const style = { dateStyle: "medium", timeStyle: "short" } as const;
    const known = formats.get(this.#locale);
    const format = known ?? new Intl.DateTimeFormat(this.#locale ?? undefined, style);
    formats.set(this.#locale, format);
    return format;
  }
}

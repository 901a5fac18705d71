/** The footnotes of one text: their numbers, in the order of reference, and their place at its end. */

import type { Drawn } from "./drawn.js";
import type { Strings } from "./strings.js";

export class Notes {
  readonly element = document.createElement("section");
  readonly numbers = new Map<string, number>();
  readonly #list = document.createElement("ol");
  #drawn: readonly (Element | null)[] = [];

  constructor(strings: Strings) {
    this.element.setAttribute("part", "footnotes");
    // No landmark: a page may have many of them.
    this.element.setAttribute("role", "group");
    this.element.setAttribute("aria-label", strings.footnotes);
    this.element.append(this.#list);
  }

  /** The number of a label, the next one where it has none yet. */
  number(label: string): number {
    const number = this.numbers.get(label) ?? this.numbers.size + 1;
    this.numbers.set(label, number);
    return number;
  }

  /**
   * Put the notes that are referred to at the end of `content`. While the text goes on elsewhere
   * they wait: nobody reads what is pushed down all the time.
   */
  place(notes: readonly Drawn[], content: Element, isShown: boolean): void {
    const used = notes
      .filter(({ block }) => this.numbers.has(block.info))
      .sort((a, b) => this.number(a.block.info) - this.number(b.block.info));
    const elements = used.map((note) => note.element);
    const isSame =
      elements.length === this.#drawn.length && elements.every((one, i) => one === this.#drawn[i]);
    if (!isSame) this.#list.replaceChildren(...elements.filter((one) => one !== null));
    this.#drawn = elements;
    this.element.toggleAttribute("hidden", !isShown);
    if (elements.length === 0) this.element.remove();
    else if (this.element.parentElement === null) content.append(this.element);
  }

  /** Bring the note with `number` into view, or its reference in `content`. */
  goTo(number: number, content: Element | null): void {
    const references = content?.querySelectorAll<HTMLElement>('[part="footnote-ref"]') ?? [];
    const reference = [...references].find((one) => Number(one.textContent) === number);
    const note = this.#list.children[number - 1];
    const target = content === null ? note : reference;
    target?.scrollIntoView?.({ block: "nearest" });
    if (target instanceof HTMLElement) target.focus({ preventScroll: true });
  }

  numberOf(note: Element | null): number {
    return note === null ? 0 : [...this.#list.children].indexOf(note) + 1;
  }
}

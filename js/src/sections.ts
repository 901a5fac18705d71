/**
 * Where the blocks of a long text stand: the first ones in the content itself, the others in
 * sections, so many to each.
 *
 * A browser lays out a block anew whenever something is added to it, and walks through all of its
 * children then. With sections that walk is short, however long the text is, and what is far off
 * the screen is skipped whole (see markdown-styles.ts). Which section a block stands in depends on
 * nothing but its place in the text, so that a text is the same, streamed or at once.
 */

const SIZE = 16;

export class Sections {
  readonly #content: Element;
  readonly #sections: Element[] = [];

  constructor(content: Element) {
    this.#content = content;
  }

  /** The element for the block at `index` of the text; `end` is what comes after all blocks. */
  slot(index: number, end: Element): Element {
    const at = Math.floor(index / SIZE) - 1;
    if (at < 0) return this.#content;
    const found = this.#sections[at];
    if (found !== undefined) return found;
    const section = document.createElement("div");
    section.setAttribute("part", "section");
    this.#sections[at] = section;
    this.#content.insertBefore(section, end.parentElement === this.#content ? end : null);
    return section;
  }

  /** Take away the sections at the end of which nothing is left. */
  trim(): void {
    let last = this.#sections.at(-1);
    while (this.#sections.length > 0 && !last?.hasChildNodes()) {
      last?.remove();
      this.#sections.pop();
      last = this.#sections.at(-1);
    }
  }
}

/** A code block on the screen: its bar, its lines, and the fold of a long one. */

import type { Block } from "./block.js";
import { boxes, boxHtml, codeOf, FOLD_LINES, isVisible, languageOf } from "./code.js";
import { highlight } from "./highlighting.js";
import { icon } from "./icons.js";
import { sanitise } from "./sanitise.js";
import { fill, type Strings } from "./strings.js";

export class CodeView {
  readonly element: Element;
  readonly #strings: Strings;
  #block: Block;
  readonly #code: Element;
  readonly #fold = document.createElement("button");
  #isUnfolded = false;
  /** What is drawn; the last box, where it starts, and how many lines end before that. */
  #drawn: string;
  #last = { start: 0, lines: 0 };

  /** Take over what markdown.ts made of `block`, and add what a reader can press. */
  constructor(element: Element, block: Block, strings: Strings) {
    this.#strings = strings;
    this.element = element;
    this.#block = block;
    this.#code = element.querySelector("code") ?? element;
    this.#drawn = codeOf(block);
    this.#findLast(
      boxes(this.#drawn)
        .slice(0, -1)
        .map((box) => box.text),
    );
    element.querySelector("[part=code-bar]")?.append(makeCopyButton(strings.copy));
    // Wide code is scrolled by keys, too.
    element.querySelector("pre")?.setAttribute("tabindex", "0");
    this.#fold.type = "button";
    this.#fold.setAttribute("part", "fold");
    this.#showFold();
  }

  get source(): string {
    return codeOf(this.#block);
  }

  /** The element in which the code ends. */
  get textEnd(): Element {
    return this.#code.lastElementChild ?? this.#code;
  }

  toggleFold(): void {
    this.#isUnfolded = !this.#isUnfolded;
    this.#showFold();
  }

  /** Draw what `block` has now: as a rule, more of the same. */
  update(block: Block): void {
    this.#block = block;
    const code = codeOf(block);
    if (code === this.#drawn) return;
    const { start, lines } = code.startsWith(this.#drawn) ? this.#last : { start: 0, lines: 0 };
    if (start === 0) this.#code.replaceChildren(...Array.from(this.#code.children).slice(0, 1));
    this.#last = { start, lines };
    const before = this.#drawn.slice(start);
    const [first, ...rest] = boxes(code, start, lines);
    this.#drawn = code;
    if (first === undefined) return;
    const text = this.#code.lastElementChild?.firstChild;
    // The second half of a character says what the character is, and whether it can be seen.
    const isWhole = !/[\ud800-\udbff]$/.test(before);
    const isGrown = text instanceof Text && text.data === before && first.text.startsWith(before);
    const added = first.text.slice(before.length);
    if (isWhole && isGrown && isVisible(added)) text.appendData(added);
    else {
      this.#code.lastElementChild?.remove();
      this.#code.append(sanitise(boxHtml(first)));
    }
    if (rest.length > 0) this.#code.append(sanitise(rest.map(boxHtml).join("")));
    this.#findLast([first, ...rest].slice(0, -1).map((box) => box.text));
    this.#showFold();
  }

  /** Do what is done with code that is all there; returns whether it is, as it is in a whole text. */
  finish(isWhole: boolean): boolean {
    if (!isWhole && !this.#block.isSettled) return false;
    highlight(this.#code, this.#drawn, languageOf(this.#block));
    return true;
  }

  #findLast(closed: readonly string[]): void {
    let { start, lines } = this.#last;
    for (const text of closed) {
      start += text.length;
      lines += text.split("\n").length - 1;
    }
    this.#last = { start, lines };
  }

  #showFold(): void {
    const total = this.#last.lines + this.#drawn.slice(this.#last.start).split("\n").length;
    if (total <= FOLD_LINES) {
      this.#fold.remove();
      return;
    }
    const state = this.#isUnfolded ? "code unfolded" : "code folded";
    if (this.element.getAttribute("part") !== state) this.element.setAttribute("part", state);
    this.#fold.setAttribute("aria-expanded", String(this.#isUnfolded));
    this.#fold.textContent = this.#isUnfolded
      ? this.#strings.showLess
      : fill(this.#strings.showLines, { count: total });
    if (this.#fold.parentElement === null) this.element.append(this.#fold);
  }
}

function makeCopyButton(label: string): HTMLButtonElement {
  const button = document.createElement("button");
  button.type = "button";
  button.setAttribute("part", "copy");
  button.append(icon("copy"), label);
  return button;
}

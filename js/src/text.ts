/**
 * One text, drawn as it grows: what a person wrote as it is, what a model wrote as Markdown.
 *
 * The element, whose part is `content`, has the text drawn so far as its property `source`: exactly,
 * where the nodes in it may show less, or more. Whoever copies or tests the text reads that.
 */
export interface ContentElement extends HTMLElement {
  source: string;
}

export function makeContent(): ContentElement {
  const element = document.createElement("div");
  element.setAttribute("part", "content");
  return Object.assign(element, { source: "" });
}

export interface TextView {
  readonly element: ContentElement;
  /** The element in which the text ends. */
  readonly textEnd: Element;
  /** Draw `text`, as a rule one that continues the one before; `isWhole` when it is at its end. */
  show(text: string, isWhole: boolean): void;
}

/** Text with nothing in it but letters and line ends. */
export class PlainText implements TextView {
  readonly element = makeContent();

  constructor() {
    this.element.className = "plain";
  }

  get textEnd(): Element {
    return this.element;
  }

  show(text: string): void {
    if (text === this.element.source) return;
    this.element.source = text;
    this.element.textContent = text;
  }
}

/** Whether `text` goes on from `before`. To compare whole strings is far faster than `startsWith`. */
export function goesOn(text: string, before: string): boolean {
  return text.slice(0, before.length) === before;
}

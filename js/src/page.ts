/** A page of its own for what draws the answers: to measure it, to attack it, to look at it. */

import { MarkdownText } from "./markdown-text.js";
import { adoptStyles } from "./styles.js";

interface Options {
  /** The text will not go on. */
  readonly final?: boolean;
}

const shown = new WeakMap<Element, MarkdownText>();

/** Draw `text` into `el`; to be called again on it, with a longer text, while that streams. */
function renderMarkdown(el: Element, text: string, options: Options = {}): void {
  let view = shown.get(el);
  if (view === undefined) {
    view = new MarkdownText();
    shown.set(el, view);
    el.replaceChildren(view.element);
  }
  view.show(text, options.final === true);
}

adoptStyles(document);
Object.assign(window, { renderMarkdown });

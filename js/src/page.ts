/**
 * A page of its own for what draws the answers: to measure it, to attack it, to look at it.
 *
 * Code has no colours here: they come from a worker, and its script from a `blob:` URL, where the
 * tests watch that no text makes this page load anything.
 */

import * as math from "./assets/math.js";
import { provideAsset } from "./assets.js";
import { MarkdownText } from "./markdown-text.js";
import { Pace } from "./pace.js";
import { adoptStyles } from "./sheet.js";

interface Options {
  /** The text will not go on. */
  readonly final?: boolean;
}

const shown = new WeakMap<Element, MarkdownText>();

/**
 * Draw `text` into `el`, which shows it when this returns; to be called again on it, with a longer
 * text, while that streams.
 */
function renderMarkdown(el: Element, text: string, options: Options = {}): void {
  const view = shown.get(el) ?? open(el);
  view.show(text, options.final === true);
}

function open(el: Element): MarkdownText {
  const view = new MarkdownText();
  shown.set(el, view);
  el.replaceChildren(view.element);
  return view;
}

provideAsset("math", math);
adoptStyles(document);
// The pace of a view is there for the benchmark, which draws as often as a view does.
Object.assign(window, { renderMarkdown, Pace });

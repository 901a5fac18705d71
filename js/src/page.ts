/** A page of its own for what draws the answers: to measure it, to attack it, to look at it. */

import * as highlight from "./assets/highlight.js";
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
Object.assign(window, {
  renderMarkdown,
  // For the benchmark, which draws as often as a view does.
  Pace,
  // Colours come from a worker, and its script from a `blob:` URL. Until somebody asks for them,
  // nothing at all may make this page load anything.
  colourCode: () => provideAsset("highlight", highlight),
});

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

interface Shown {
  readonly view: MarkdownText;
  readonly pace: Pace;
  text: string;
}

const shown = new WeakMap<Element, Shown>();

/**
 * Draw `text` into `el`; to be called again on it, with a longer text, while that streams.
 *
 * As in a notebook, text that grows is drawn at the widget's own pace, and its end at once.
 */
function renderMarkdown(el: Element, text: string, options: Options = {}): void {
  const one = shown.get(el) ?? open(el);
  one.text = text;
  if (options.final !== true && one.view.element.source !== "") one.pace.grown();
  else if (options.final !== true) one.view.show(text, false);
  else {
    one.pace.close();
    one.view.show(text, true);
  }
}

function open(el: Element): Shown {
  const view = new MarkdownText();
  const pace = new Pace(() => view.show(made.text, false));
  const made = { view, pace, text: "" };
  shown.set(el, made);
  el.replaceChildren(view.element);
  return made;
}

provideAsset("highlight", highlight);
provideAsset("math", math);
adoptStyles(document);
Object.assign(window, { renderMarkdown });

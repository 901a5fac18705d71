/** What tests/bench/render.py measures beside the page's own renderer, and a chat without a kernel. */

import DOMPurify from "dompurify";
import { marked } from "marked";
import { MarkdownText } from "../src/markdown-text.js";
import widget from "../src/widget.js";
import { assistant, FakeModel, user } from "../test/fake-model.js";

/** Each draws the text so far; `drawn` is how much of it the last call was given. */
const rivals = {
  "marked + DOMPurify": (el: Element, text: string) => {
    el.innerHTML = DOMPurify.sanitize(marked.parse(text, { async: false }));
  },
  "own parser, whole": (el: Element, text: string) => {
    const whole = new MarkdownText();
    whole.show(text, true);
    el.replaceChildren(whole.element);
  },
  "one text node": (el: HTMLElement, text: string, drawn: number) => {
    el.style.whiteSpace = "pre-wrap";
    if (!(el.firstChild instanceof Text)) el.append("");
    (el.firstChild as Text).appendData(text.slice(drawn));
  },
};

/** Open a chat with `texts`, every other one an answer, as the host would. */
function openChat(texts: readonly string[]): { model: FakeModel; el: HTMLElement } {
  const messages = texts.map((text, i) =>
    i % 2 === 0 ? user(`u${i}`, text) : assistant(`a${i}`, text),
  );
  const model = new FakeModel({ messages });
  const el = document.createElement("div");
  document.body.append(el);
  widget.initialize({ model: model.proxy() });
  widget.render({ model: model.proxy(), el });
  return { model, el };
}

Object.assign(window, { rivals, openChat });

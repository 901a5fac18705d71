/** One message: who says it, its text with the cursor while it grows, and how it ended. */

import { icon } from "./icons.js";
import { MarkdownText } from "./markdown-text.js";
import type { Item } from "./store.js";
import { STRINGS } from "./strings.js";
import { PlainText, type TextView } from "./text.js";

type LabelledEnding = "stopped" | "interrupted" | "error";

export class MessageView {
  readonly element = document.createElement("article");
  readonly #body = part("div", "body");
  readonly #thinking = makeThinking();
  readonly #cursor = part("span", "cursor");
  readonly #ending = part("div", "ending");
  readonly #onRetry: () => void;
  #text: TextView | null = null;
  #drawn = "";

  constructor(onRetry: () => void) {
    this.#onRetry = onRetry;
    this.element.setAttribute("part", "message");
    this.#cursor.setAttribute("aria-hidden", "true");
    this.#body.append(this.#thinking);
    this.element.append(this.#body, this.#ending);
  }

  draw(item: Item, canRetry: boolean): void {
    this.#drawText(item);
    const isBlank = item.content === "";
    const drawn = JSON.stringify([item.role, item.status, item.note, isBlank, canRetry]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;

    const isStreaming = item.status === "streaming";
    this.element.dataset.role = item.role;
    this.element.dataset.status = item.status;
    this.element.setAttribute("aria-label", STRINGS[item.role]);
    this.#thinking.hidden = !isStreaming || !isBlank;
    this.#body.hidden = isBlank && !isStreaming;
    this.#drawEnding(item, canRetry);
  }

  /** The cursor is in the text, right behind its last letter, as long as that may get another. */
  #drawText({ role, content, status }: Item): void {
    const isStreaming = status === "streaming";
    if (this.#text === null) {
      this.#text = role === "assistant" ? new MarkdownText() : new PlainText();
      this.#body.append(this.#text.element);
    }
    const isSame = content === this.#text.element.source;
    if (isSame && this.#cursor.isConnected === isStreaming) return;
    this.#cursor.remove();
    this.#text.show(content, !isStreaming);
    if (isStreaming && content !== "") this.#text.textEnd.append(this.#cursor);
  }

  #drawEnding({ status, note }: Item, canRetry: boolean): void {
    const ending = this.#ending;
    ending.replaceChildren();
    if (status === "stopped" || status === "interrupted" || status === "error") {
      ending.setAttribute("part", "ending");
      ending.append(icon(status), makeLabel(status, note));
      if (canRetry) ending.append(this.#makeRetry());
    } else if (note !== null) {
      ending.setAttribute("part", "note");
      ending.append(note);
    }
    ending.hidden = !ending.hasChildNodes();
  }

  #makeRetry(): HTMLButtonElement {
    const retry = document.createElement("button");
    retry.type = "button";
    retry.setAttribute("part", "retry");
    retry.append(icon("retry"), STRINGS.retry);
    retry.addEventListener("click", this.#onRetry);
    return retry;
  }
}

function makeLabel(status: LabelledEnding, note: string | null): HTMLElement {
  const label = document.createElement("span");
  const name = document.createElement("strong");
  name.textContent = note === null ? STRINGS[status] : `${STRINGS[status]}: `;
  label.append(name, note ?? "");
  return label;
}

function makeThinking(): HTMLElement {
  const thinking = part("span", "thinking");
  const dots = document.createElement("span");
  dots.className = "dots";
  dots.setAttribute("aria-hidden", "true");
  dots.append(...[0, 1, 2].map(() => document.createElement("i")));
  thinking.append(dots, STRINGS.thinking);
  return thinking;
}

function part(tag: "div" | "span", name: string): HTMLElement {
  const element = document.createElement(tag);
  element.setAttribute("part", name);
  return element;
}

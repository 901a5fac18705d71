/** One message: who says it, its text with the cursor while it grows, and how it ended. */

import { Actions } from "./actions.js";
import { Editor } from "./editor.js";
import { icon } from "./icons.js";
import { MarkdownText } from "./markdown-text.js";
import type { Item } from "./store.js";
import { STRINGS } from "./strings.js";
import { PlainText, type TextView } from "./text.js";

type LabelledEnding = "stopped" | "interrupted" | "error";

export interface MessageCommands {
  retry(): void;
  edit(message: string, text: string, settled: (isDone: boolean) => void): void;
  remove(message: string): void;
  /** The reader is done in here, and the focus has to go somewhere. */
  leave(): void;
}

export class MessageView {
  readonly element = document.createElement("article");
  readonly #body = part("div", "body");
  readonly #thinking = makeThinking();
  readonly #cursor = part("span", "cursor");
  readonly #ending = part("div", "ending");
  readonly #commands: MessageCommands;
  readonly #actions: Actions;
  #editor: Editor | null = null;
  #item: Item | null = null;
  #text: TextView | null = null;
  #drawn = "";

  constructor(commands: MessageCommands) {
    this.#commands = commands;
    this.#actions = new Actions({
      retry: () => commands.retry(),
      edit: () => this.edit(),
      remove: () => {
        if (this.#item?.id != null) commands.remove(this.#item.id);
      },
    });
    this.element.setAttribute("part", "message");
    this.#cursor.setAttribute("aria-hidden", "true");
    this.#body.append(this.#thinking);
    this.element.append(this.#body, this.#ending, this.#actions.element);
  }

  /** Draw `item`; `canChange` when the kernel would take a command about it now. */
  draw(item: Item, canChange: boolean, isLast: boolean): void {
    this.#item = item;
    this.#drawText(item);
    this.#actions.draw(item, canChange, isLast);
    const isBlank = item.content === "";
    const drawn = JSON.stringify([item.role, item.status, item.note, isBlank, canChange && isLast]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;

    const isStreaming = item.status === "streaming";
    this.element.dataset.role = item.role;
    this.element.dataset.status = item.status;
    this.element.setAttribute("aria-label", STRINGS[item.role]);
    this.#thinking.hidden = !isStreaming || !isBlank;
    this.#body.hidden = isBlank && !isStreaming;
    this.#drawEnding(item, canChange && isLast);
  }

  /** Let the reader write the question anew. */
  edit(): void {
    const id = this.#item?.id;
    if (id == null || this.#editor !== null) {
      this.#editor?.focus();
      return;
    }
    const editor = new Editor(
      this.#item?.content ?? "",
      (text) => {
        editor.wait(true);
        this.#commands.edit(id, text, (isDone) => {
          editor.wait(false);
          if (isDone) this.#closeEditor();
        });
      },
      () => {
        this.#closeEditor();
        this.#commands.leave();
      },
    );
    this.#editor = editor;
    this.element.dataset.editing = "true";
    this.element.insertBefore(editor.element, this.#body);
    editor.focus();
    editor.element.scrollIntoView?.({ block: "nearest" });
  }

  #closeEditor(): void {
    this.#editor?.element.remove();
    this.#editor = null;
    delete this.element.dataset.editing;
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

  #drawEnding({ status, note }: Item, canChange: boolean): void {
    const ending = this.#ending;
    ending.replaceChildren();
    if (status === "stopped" || status === "interrupted" || status === "error") {
      ending.setAttribute("part", "ending");
      ending.append(icon(status), makeLabel(status, note));
      if (canChange) ending.append(this.#makeRetry());
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
    retry.addEventListener("click", () => this.#commands.retry());
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

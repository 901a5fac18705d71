/** One message: who says it, its text with the cursor while it grows, and how it ended. */

import { AboutLine } from "./about.js";
import { Actions } from "./actions.js";
import { findAsset, loadAsset } from "./assets.js";
import { makeButton } from "./button.js";
import type { Tool } from "./details.js";
import type { Editor } from "./editor.js";
import { make, makeBox } from "./element.js";
import { Fold } from "./fold.js";
import { icon } from "./icons.js";
import { MarkdownText } from "./markdown-text.js";
import type { Options } from "./options.js";
import { adoptSheet } from "./sheet.js";
import type { Item } from "./store.js";
import { fill, type Strings } from "./strings.js";
import { PlainText, type TextView } from "./text.js";

type LabelledEnding = "stopped" | "interrupted" | "error";

export interface MessageCommands {
  ask(text: string): void;
  retry(): void;
  edit(message: string, text: string, settled: (isDone: boolean) => void): void;
  remove(message: string): void;
  /** Show all of what the reader stopped in vain, by its key. */
  showRest(key: string): void;
  /** The reader is done in here, and the focus has to go somewhere. */
  leave(): void;
}

export class MessageView {
  readonly element: HTMLElement;
  readonly #body = make("div", "body");
  readonly #thinking: HTMLElement;
  readonly #cursor = make("span", "cursor");
  readonly #ending = make("div", "ending");
  readonly #commands: MessageCommands;
  readonly #strings: Strings;
  readonly #actions: Actions;
  readonly #about: AboutLine;
  #reasoning: Fold | null = null;
  #editor: Editor | null = null;
  #item: Item | null = null;
  #text: TextView | null = null;
  #drawn = "";
  #tools = "[]";

  constructor(commands: MessageCommands, { strings, locale }: Options) {
    this.#commands = commands;
    this.#strings = strings;
    this.#thinking = makeThinking(strings);
    this.#actions = new Actions(
      {
        retry: () => commands.retry(),
        edit: () => void this.edit(),
        remove: () => {
          if (this.#item?.id != null) commands.remove(this.#item.id);
        },
      },
      strings,
    );
    this.#about = new AboutLine(strings, locale);
    this.#cursor.setAttribute("aria-hidden", "true");
    this.#body.append(this.#thinking);
    const foot = makeBox("foot", this.#actions.element, this.#about.element);
    this.element = make("article", "message", this.#body, this.#ending, foot);
  }

  /** Draw `item`; `canChange` when the kernel would take a command about it now. */
  draw(item: Item, canChange: boolean, isLast: boolean): void {
    this.#item = item;
    this.#drawText(item);
    this.#drawReasoning(item);
    this.#actions.draw(item, canChange, isLast);
    const isBlank = item.content === "";
    const { role, status, note, details, isCut } = item;
    const drawn = JSON.stringify([
      role,
      status,
      note,
      details,
      isCut,
      isBlank,
      canChange && isLast,
    ]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;

    const isStreaming = item.status === "streaming";
    this.element.dataset.role = item.role;
    this.element.dataset.status = item.status;
    this.element.setAttribute("aria-label", this.#strings[item.role]);
    this.#about.draw(details);
    this.#drawTools(details.tools);
    this.#body.hidden = isBlank && !isStreaming;
    this.#drawEnding(item, canChange && isLast);
  }

  /** Let the reader write the question anew, once this page has what that takes. */
  async edit(): Promise<void> {
    const asset = findAsset("editor") ?? (await loadAsset("editor").catch(() => null));
    const id = this.#item?.id;
    if (id == null || asset === null || this.#editor !== null) {
      this.#editor?.focus();
      return;
    }
    const { Editor, css } = asset;
    adoptSheet(this.element.getRootNode() as ShadowRoot, css);
    const editor = new Editor(
      this.#item?.content ?? "",
      this.#strings,
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
      this.#text = role === "assistant" ? new MarkdownText(this.#strings) : new PlainText();
      // Nobody knows in which language it will be; it need not be the view's.
      this.#text.element.lang = "";
      this.#body.append(this.#text.element);
    }
    const isSame = content === this.#text.element.source;
    if (isSame && this.#cursor.isConnected === isStreaming) return;
    this.#cursor.remove();
    this.#text.show(content, !isStreaming);
    if (isStreaming && content !== "") this.#text.textEnd.append(this.#cursor);
  }

  /** The reasoning is never announced: whoever wants it unfolds it. */
  #drawReasoning({ status, content, reasoning }: Item): void {
    const isThinking = status === "streaming" && content === "";
    this.#thinking.hidden = !isThinking || reasoning !== null;
    if (reasoning === null) {
      this.#reasoning?.element.remove();
      this.#reasoning = null;
      return;
    }
    if (this.#reasoning === null) {
      this.#reasoning = new Fold("reasoning");
      this.element.prepend(this.#reasoning.element);
    }
    const { reasoningNow, reasoning: label } = this.#strings;
    this.#reasoning.show(isThinking ? reasoningNow : label, reasoning);
  }

  #drawTools(tools: readonly Tool[]): void {
    const drawn = JSON.stringify(tools);
    if (drawn === this.#tools) return;
    this.#tools = drawn;
    for (const old of this.element.querySelectorAll(':scope > [part="tool"]')) old.remove();
    for (const { name, arguments: given } of tools) {
      const fold = new Fold("tool");
      fold.show(fill(this.#strings.tool, { name }), given);
      this.element.insertBefore(fold.element, this.#body);
    }
  }

  #drawEnding({ key, status, note, isCut }: Item, canChange: boolean): void {
    const ending = this.#ending;
    ending.replaceChildren();
    if (status === "stopped" || status === "interrupted" || status === "error") {
      ending.setAttribute("part", "ending");
      ending.append(icon(status), this.#makeLabel(status, note));
      if (isCut) ending.append(this.#makeRest(key));
      if (canChange) ending.append(this.#makeRetry());
    } else if (note !== null) {
      ending.setAttribute("part", "note");
      ending.append(note);
    }
    ending.hidden = !ending.hasChildNodes();
  }

  #makeRetry(): HTMLButtonElement {
    const retry = makeButton("retry", "retry", this.#strings.retry);
    retry.addEventListener("click", () => this.#commands.retry());
    return retry;
  }

  #makeRest(key: string): HTMLButtonElement {
    const rest = makeButton("rest", null, this.#strings.rest);
    rest.addEventListener("click", () => this.#commands.showRest(key));
    return rest;
  }

  #makeLabel(status: LabelledEnding, note: string | null): HTMLElement {
    const label = document.createElement("span");
    const name = document.createElement("strong");
    name.textContent = note === null ? this.#strings[status] : `${this.#strings[status]}: `;
    label.append(name, note ?? "");
    return label;
  }
}

function makeThinking(strings: Strings): HTMLElement {
  const dots = document.createElement("span");
  dots.className = "dots";
  dots.setAttribute("aria-hidden", "true");
  dots.append(...[0, 1, 2].map(() => document.createElement("i")));
  return make("span", "thinking", dots, strings.thinking);
}

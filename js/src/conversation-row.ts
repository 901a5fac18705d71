/** One conversation in the list: it opens, and is renamed and deleted in its place. */

import type { Ago } from "./ago.js";
import { isObstructed, makeButton, setObstacle } from "./button.js";
import { type Edit, RemovalQuestion, TitleField } from "./conversation-edits.js";
import type { Conversations } from "./conversations.js";
import { isComposing } from "./keys.js";
import { about, type Strings } from "./strings.js";
import { type Conversation, isTitle, type Request } from "./wire.js";

/** What a row wants of the list it is in. */
export interface RowHost {
  readonly ago: Ago;
  choose(conversation: string): void;
  ask(request: Request, done: (ok: boolean) => void): void;
  /** Let `row` alone be edited; null where none is any more. */
  edit(row: ConversationRow | null): void;
}

const UNDER_WAY = { open: "opening", rename: "renaming", remove: "removing" } as const;

export class ConversationRow {
  readonly element = document.createElement("li");
  readonly #open = document.createElement("button");
  readonly #title = document.createElement("span");
  readonly #time = document.createElement("time");
  readonly #strings: Strings;
  readonly #rename: HTMLButtonElement;
  readonly #remove: HTMLButtonElement;
  readonly #conversations: Conversations;
  readonly #host: RowHost;
  #drawn: Conversation;
  #edit: Edit | null = null;
  /** The button that began the edit, and gets the focus back. */
  #origin = this.#open;

  constructor(drawn: Conversation, conversations: Conversations, host: RowHost) {
    const { strings } = conversations.options;
    this.#strings = strings;
    this.#rename = makeButton("conversation-rename", "rename", strings.rename, true);
    this.#remove = makeButton("conversation-remove", "remove", strings.remove, true);
    this.#drawn = drawn;
    this.#conversations = conversations;
    this.#host = host;
    this.element.setAttribute("part", "conversation");
    this.element.addEventListener("keydown", (event) => this.#onKey(event));
    this.#open.type = "button";
    this.#open.setAttribute("part", "conversation-open");
    this.#open.addEventListener("click", () => this.#host.choose(this.#drawn.id));
    this.#title.className = "name";
    this.#title.dir = "auto";
    this.#open.append(this.#title, this.#time);
    this.#rename.addEventListener("click", () => {
      const save = (title: string) => this.#save(title);
      this.#begin(this.#rename, new TitleField(this.#drawn.title, strings, save, this.#leave));
    });
    this.#remove.addEventListener("click", () => {
      const confirm = () => this.#confirm();
      this.#begin(this.#remove, new RemovalQuestion(this.#name(), strings, confirm, this.#leave));
    });
    this.reset();
  }

  draw(drawn: Conversation): void {
    this.#drawn = drawn;
    const isCurrent = this.#conversations.current.value === drawn.id;
    const underWay = this.#underWay();
    const title = this.#name();

    this.#title.textContent = title;
    this.#time.dateTime = drawn.updatedAt;
    this.#time.textContent = underWay ?? this.#host.ago.say(drawn.updatedAt, Date.now());
    this.#time.hidden = this.#time.textContent === "";
    this.#rename.setAttribute("aria-label", about(this.#strings.rename, title));
    this.#remove.setAttribute("aria-label", about(this.#strings.remove, title));
    this.element.toggleAttribute("data-current", isCurrent);
    if (isCurrent) this.#open.setAttribute("aria-current", "true");
    else this.#open.removeAttribute("aria-current");

    // The open one is not opened again: choosing it goes back to it, whatever runs there.
    setObstacle(this.#open, isCurrent ? null : this.#obstacle("open"), title);
    setObstacle(this.#rename, this.#obstacle("rename"), this.#strings.rename);
    setObstacle(this.#remove, this.#obstacle("remove"), this.#strings.remove);
    this.#drawEdit();
  }

  focus(): void {
    (this.#edit ?? this.#open).focus();
  }

  /** Show the conversation again, whatever was begun with it. */
  reset(): void {
    this.#edit = null;
    this.element.replaceChildren(this.#open, this.#rename, this.#remove);
  }

  #drawEdit(): void {
    const isRenaming = this.#origin === this.#rename;
    const obstacle = this.#obstacle(isRenaming ? "rename" : "remove");
    this.#edit?.draw(obstacle, this.#underWay() !== null);
  }

  #name(): string {
    return this.#drawn.title === "" ? this.#strings.untitled : this.#drawn.title;
  }

  #obstacle(type: "open" | "rename" | "remove"): string | null {
    const { id: conversation, title } = this.#drawn;
    return this.#conversations.obstacle({ type, conversation, title });
  }

  #underWay(): string | null {
    const request = this.#conversations.change.value?.request;
    if (request === undefined || !("conversation" in request)) return null;
    return request.conversation === this.#drawn.id ? this.#strings[UNDER_WAY[request.type]] : null;
  }

  #onKey(event: KeyboardEvent): void {
    if (this.#edit === null || event.key !== "Escape" || isComposing(event)) return;
    event.preventDefault();
    event.stopPropagation();
    this.#leave();
  }

  #begin(origin: HTMLButtonElement, edit: Edit): void {
    if (isObstructed(origin)) return;
    this.#host.edit(this);
    this.#conversations.say(null);
    this.#origin = origin;
    this.#edit = edit;
    this.#drawEdit();
    this.element.replaceChildren(edit.element);
    edit.focus();
  }

  /** Go back to what began it, but only with a focus that was in here. */
  readonly #leave = (): void => {
    const hadFocus = this.element.matches(":focus-within");
    this.#host.edit(null);
    if (hadFocus) this.#origin.focus();
  };

  #save(title: string): void {
    const edit = this.#edit;
    if (title === this.#drawn.title) this.#leave();
    else if (!isTitle(title)) this.#conversations.say(this.#strings.blankTitle);
    else {
      this.#host.ask({ type: "rename", conversation: this.#drawn.id, title }, (ok) => {
        if (ok && edit !== null && edit === this.#edit) this.#leave();
      });
    }
  }

  #confirm(): void {
    this.#leave();
    this.#host.ask({ type: "remove", conversation: this.#drawn.id }, () => {});
  }
}

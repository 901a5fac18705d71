/** The way to other conversations: the button that lists them, the list, and New chat. */

import { effect, signal } from "@preact/signals-core";
import { Ago } from "./ago.js";
import { makeButton, setObstacle } from "./button.js";
import { ConversationRow, type RowHost } from "./conversation-row.js";
import type { Conversations } from "./conversations.js";
import { hang, hasPopover, keepHanging } from "./hanging.js";
import { isComposing } from "./keys.js";
import type { Strings } from "./strings.js";
import type { Conversation, Request } from "./wire.js";

export interface ConversationCommands {
  ask(request: Request, done: (ok: boolean) => void): void;
}

/** The list is at most as high as this, and opens upwards where more room is there. */
const HEIGHT = 440;

export class ConversationMenu implements RowHost {
  readonly element = document.createElement("div");
  readonly ago: Ago;
  readonly #strings: Strings;
  readonly #button: HTMLButtonElement;
  readonly #new: HTMLButtonElement;
  readonly #panel = document.createElement("div");
  readonly #notice = document.createElement("p");
  readonly #empty = document.createElement("p");
  readonly #list = document.createElement("ul");
  readonly #rows = new Map<string, ConversationRow>();
  readonly #conversations: Conversations;
  readonly #commands: ConversationCommands;
  readonly #onOpened: () => void;
  readonly #disposals: (() => void)[];
  /** What listens to the window while the list is open. */
  readonly #opening = signal<AbortController | null>(null);
  #edited: ConversationRow | null = null;

  constructor(conversations: Conversations, commands: ConversationCommands, onOpened: () => void) {
    const { strings, locale } = conversations.options;
    this.ago = new Ago(locale ?? undefined);
    this.#strings = strings;
    this.#button = makeButton("conversations", "conversations", strings.conversations);
    this.#new = makeButton("new", "new", strings.newChat);
    this.#conversations = conversations;
    this.#commands = commands;
    this.#onOpened = onOpened;

    this.element.className = "menu";
    this.element.append(this.#button, this.#panel, this.#new);
    this.element.addEventListener("keydown", (event) => this.#onKey(event));
    this.#button.setAttribute("aria-haspopup", "dialog");
    this.#button.setAttribute("aria-expanded", "false");
    this.#button.addEventListener("click", () => this.#toggle());
    this.#new.addEventListener("click", () => this.#begin());

    this.#panel.setAttribute("part", "conversation-list");
    this.#panel.setAttribute("role", "dialog");
    this.#panel.setAttribute("aria-label", strings.conversations);
    this.#panel.tabIndex = -1;
    this.#panel.hidden = true;
    // In the top layer nothing clips it: neither this card nor the notebook's output area.
    this.#panel.popover = "manual";
    this.#panel.addEventListener("focusout", (event) => this.#onFocusOut(event));
    this.#notice.setAttribute("part", "conversation-notice");
    this.#empty.setAttribute("part", "conversation-empty");
    this.#list.setAttribute("role", "list");
    this.#panel.append(this.#notice, this.#empty, this.#list);

    this.#disposals = [
      effect(() => {
        this.element.hidden = !conversations.areKept.value;
        if (this.element.hidden) this.#hide();
      }),
      effect(() => {
        const listing = conversations.obstacle({ type: "list" });
        setObstacle(this.#button, listing, strings.conversations);
        setObstacle(this.#new, conversations.obstacle({ type: "new" }), strings.newChat);
      }),
      effect(() => this.#draw()),
    ];
  }

  choose(conversation: string): void {
    if (conversation === this.#conversations.current.value) {
      this.#leave();
      return;
    }
    const opening = this.#opening.value;
    this.ask({ type: "open", conversation }, (ok) => {
      // A reader who has closed the list meanwhile is somewhere else, and keeps the focus there.
      if (ok && opening !== null && opening === this.#opening.value) this.#leave();
    });
  }

  ask(request: Request, done: (ok: boolean) => void): void {
    this.#commands.ask(request, done);
  }

  edit(row: ConversationRow | null): void {
    if (this.#edited !== row) this.#edited?.reset();
    this.#edited = row;
  }

  close(): void {
    this.#hide();
    for (const dispose of this.#disposals) dispose();
  }

  #begin(): void {
    this.#new.focus();
    this.ask({ type: "new" }, (ok) => {
      if (ok && this.#focused() !== null) this.#leave();
    });
  }

  #toggle(): void {
    if (this.#isShown()) {
      this.#hide();
      this.#button.focus();
    } else if (this.#conversations.obstacle({ type: "list" }) === null) this.#show();
  }

  /** A host that takes the output out of the page and puts it back closes the popover silently. */
  #isShown(): boolean {
    const isOpen = this.#opening.value !== null;
    return isOpen && (!hasPopover(this.#panel) || this.#panel.matches(":popover-open"));
  }

  #show(): void {
    this.#hide();
    const opening = new AbortController();
    const { signal } = opening;
    const page = this.element.ownerDocument.defaultView ?? window;
    const onPointer = (event: Event) => {
      const path = event.composedPath();
      if (!path.includes(this.#panel) && !path.includes(this.#button)) this.#hide();
    };
    page.addEventListener("pointerdown", onPointer, { capture: true, signal });
    const place = () => hang(this.#panel, this.#button, HEIGHT);
    keepHanging(page, place, signal);

    this.#panel.hidden = false;
    if (hasPopover(this.#panel)) this.#panel.showPopover();
    this.#button.setAttribute("aria-expanded", "true");
    this.ask({ type: "list" }, () => {});
    this.#opening.value = opening;
    place();
    this.#focusFirst();
  }

  #hide(): void {
    const opening = this.#opening.peek();
    if (opening === null) return;
    this.#opening.value = null;
    opening.abort();
    this.edit(null);
    this.#conversations.say(null);
    if (hasPopover(this.#panel) && this.#panel.isConnected) this.#panel.hidePopover();
    this.#panel.hidden = true;
    this.#button.setAttribute("aria-expanded", "false");
  }

  #leave(): void {
    this.#hide();
    this.#onOpened();
  }

  #draw(): void {
    if (this.#opening.value === null) return;
    const { list, locked } = this.#conversations;
    const refusal = this.#conversations.refusal.value;
    const entries = list.value;
    const notice = refusal ?? locked.value;
    this.#notice.textContent = notice;
    this.#notice.hidden = notice === null;
    this.#empty.textContent =
      entries === null ? this.#strings.loading : this.#strings.noConversations;
    this.#empty.hidden = entries === null ? refusal !== null : entries.length > 0;
    this.#panel.setAttribute("aria-busy", String(entries === null && refusal === null));
    this.#reconcile(entries ?? []);
  }

  /** Draw one row per conversation, and keep the focus or hand it to what took its row's place. */
  #reconcile(entries: readonly Conversation[]): void {
    const focused = this.#focused();
    const at = [...this.#rows.values()].findIndex((row) => row.element.contains(focused));
    const ids = new Set(entries.map(({ id }) => id));
    for (const [id, row] of this.#rows) {
      if (ids.has(id)) continue;
      row.element.remove();
      this.#rows.delete(id);
    }
    const rows = entries.map((entry) => {
      const row = this.#rows.get(entry.id) ?? new ConversationRow(entry, this.#conversations, this);
      row.draw(entry);
      return row;
    });
    let next = this.#list.firstElementChild;
    for (const { element } of rows) {
      if (element === next) next = next.nextElementSibling;
      else this.#list.insertBefore(element, next);
    }
    this.#rows.clear();
    for (const [index, { id }] of entries.entries()) {
      const row = rows[index];
      if (row !== undefined) this.#rows.set(id, row);
    }
    if (at >= 0 && focused !== this.#focused()) {
      if (focused?.isConnected) focused.focus();
      else (rows[Math.min(at, rows.length - 1)] ?? this.#panel).focus();
    } else if (focused === this.#panel && rows.length > 0) this.#focusFirst();
  }

  #focusFirst(): void {
    const current = this.#conversations.current.peek();
    const row = this.#rows.get(current ?? "") ?? this.#rows.values().next().value;
    (row ?? this.#panel).focus();
  }

  #focused(): HTMLElement | null {
    const root = this.element.getRootNode() as ShadowRoot;
    return root.activeElement as HTMLElement | null;
  }

  #onFocusOut(event: FocusEvent): void {
    const to = event.relatedTarget as Node | null;
    if (to !== null && to !== this.#button && !this.#panel.contains(to)) this.#hide();
  }

  #onKey(event: KeyboardEvent): void {
    if (this.#opening.value === null || isComposing(event)) return;
    if (event.key === "Escape") {
      this.#hide();
      this.#button.focus();
    } else if (!this.#move(event)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Go from row to row by the arrow keys: Tab takes three steps for each. */
  #move({ key, target }: KeyboardEvent): boolean {
    const rows = [...this.#rows.values()];
    const isInText = (target as Element).localName === "input";
    if (!STEPS.has(key) || isInText || target === this.#new || rows.length === 0) return false;
    const at = rows.findIndex((row) => row.element.contains(target as Node));
    const to = at + (STEPS.get(key) ?? 0);
    rows[Math.max(0, Math.min(to, rows.length - 1))]?.focus();
    return true;
  }
}

const STEPS = new Map([
  ["ArrowDown", 1],
  ["ArrowUp", -1],
  ["Home", Number.NEGATIVE_INFINITY],
  ["End", Number.POSITIVE_INFINITY],
]);

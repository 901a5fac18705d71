/** Where the menu of conversations comes as soon as there is something for it to list. */

import { effect, signal } from "@preact/signals-core";
import { findAsset, loadAsset } from "./assets.js";
import type { ConversationCommands, ConversationMenu } from "./conversation-menu.js";
import type { Conversations } from "./conversations.js";
import { adoptSheet } from "./sheet.js";

export class ConversationPlace {
  /** Whether the menu is there, or its place is kept for it: what is below it is not to jump. */
  readonly isTaken = signal(false);
  readonly #open: (asset: NonNullable<ReturnType<typeof findMenu>>) => void;
  readonly #dispose: () => void;
  #menu: ConversationMenu | null = null;
  #isClosed = false;

  constructor(
    header: HTMLElement,
    root: ShadowRoot,
    conversations: Conversations,
    commands: ConversationCommands,
    onOpened: () => void,
  ) {
    this.#open = ({ ConversationMenu, css }) => {
      adoptSheet(root, css);
      this.#menu = new ConversationMenu(conversations, commands, onOpened);
      header.append(this.#menu.element);
    };
    this.#dispose = effect(() => {
      this.isTaken.value = conversations.areKept.value;
      if (conversations.areKept.value) void this.#fill();
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#dispose();
    this.#menu?.close();
  }

  async #fill(): Promise<void> {
    if (this.#menu !== null) return;
    const found = findMenu();
    if (found !== null) {
      this.#open(found);
      return;
    }
    try {
      const asset = await loadAsset("conversations");
      if (this.#menu === null && !this.#isClosed) this.#open(asset);
    } catch {
      if (!this.#isClosed) this.isTaken.value = false;
    }
  }
}

const findMenu = () => findAsset("conversations");

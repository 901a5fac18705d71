/** Where the context of the next question comes, once there is some or the reader looks for it. */

import { effect } from "@preact/signals-core";
import { loadAsset } from "./assets.js";
import type { ContextBar, ContextCommands } from "./context-bar.js";
import { adoptSheet } from "./sheet.js";
import type { Store } from "./store.js";

export class ContextPlace {
  readonly #composer: HTMLElement;
  readonly #input: HTMLTextAreaElement;
  readonly #store: Store;
  readonly #commands: ContextCommands;
  readonly #dispose: () => void;
  #bar: ContextBar | null = null;
  #isClosed = false;

  constructor(
    composer: HTMLElement,
    input: HTMLTextAreaElement,
    store: Store,
    commands: ContextCommands,
  ) {
    this.#composer = composer;
    this.#input = input;
    this.#store = store;
    this.#commands = commands;
    const { allowsContext } = store.options.lesson;
    this.#input.addEventListener("input", () => {
      if (allowsContext && input.value.includes("@")) void this.#fill();
    });
    this.#dispose = effect(() => {
      if (store.context.pending.value && !store.lost.value) void this.#fill();
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#dispose();
    this.#bar?.close();
  }

  /** Without a kernel there is nothing to show: what could be attached is in it. */
  async #fill(): Promise<void> {
    if (this.#bar !== null || this.#store.lost.peek()) return;
    const asset = await loadAsset("context").catch(() => null);
    if (asset === null || this.#bar !== null || this.#isClosed) return;
    adoptSheet(this.#composer.getRootNode() as ShadowRoot, asset.css);
    this.#bar = new asset.ContextBar(this.#input, this.#store, this.#commands);
    this.#composer.before(this.#bar.element);
    this.#composer.prepend(this.#bar.names);
  }
}

/** One view of a conversation: its shadow root, the parts in it, and what reaches the notebook. */

import { effect } from "@preact/signals-core";
import { type Commands, Composer } from "./composer.js";
import type { ConversationCommands } from "./conversation-menu.js";
import { ConversationPlace } from "./conversation-place.js";
import { make, makeBox } from "./element.js";
import { MessageList } from "./message-list.js";
import { Pace } from "./pace.js";
import { adoptStyles } from "./sheet.js";
import type { Store } from "./store.js";
import { fill as fillIn } from "./strings.js";

/** Lumino, under JupyterLab and Notebook 7, fires no shortcut for a key from within this. */
const SUPPRESS_SHORTCUTS = "data-lm-suppress-shortcuts";

/** Draw `store` into `el` until the returned function is called. */
export function openView(
  el: HTMLElement,
  store: Store,
  commands: Commands & ConversationCommands,
): () => void {
  const { strings } = store;
  const root = el.shadowRoot ?? el.attachShadow({ mode: "open" });
  // Focus must not go with what is pressed and then gone: the notebook would get the next key.
  const list = new MessageList(store, {
    ask: (text) => composer.ask(text),
    retry: () => {
      commands.retry();
      composer.focus();
    },
    remove: (message) => {
      commands.remove(message);
      composer.focus();
    },
    edit: (message, text, settled) =>
      commands.edit(message, text, (isDone) => {
        settled(isDone);
        if (isDone) composer.focus();
      }),
    showRest: (key) => {
      store.showRest(key);
      composer.focus();
    },
    leave: () => composer.focus(),
  });
  const composer = new Composer(
    store,
    commands,
    () => {
      list.scrollToEnd();
      composer.element.scrollIntoView?.({ block: "nearest" });
    },
    () => list.editLast(),
  );
  const title = make("div", "title");
  const header = makeBox("header", title);
  const menu = new ConversationPlace(header, root, store.conversations, commands, () =>
    composer.focus(),
  );
  const notice = make("div", "notice");
  const { allowsContext, log } = store.options.lesson;
  const logged = make("div", "notice logged");
  fill(logged, log === null ? null : fillIn(strings.logged, { path: log }));
  const status = make("div", "status");
  status.setAttribute("role", "status");
  const hint = makeBox("hint");
  const footer = makeBox("footer", status, hint);
  const writing = [composer.lesson.element, composer.element];
  const card = makeBox("card", header, notice, logged, list.element, ...writing, footer);
  card.lang = store.options.locale ?? "en";
  adoptStyles(root);
  root.append(card);

  const listening = new AbortController();
  guardKeys(el, root, listening.signal);
  card.addEventListener("keydown", (event) => {
    const isStop = event.key === "Escape" && !event.isComposing && store.isStreaming.value;
    if (!isStop || store.lost.value) return;
    event.preventDefault();
    composer.stop();
  });

  const pace = new Pace(() => list.draw());
  let drawn: readonly unknown[] = [];
  const disposals = [
    effect(() => {
      el.dataset.phase = store.phase.value;
      el.toggleAttribute("data-unheard", store.unheard.value);
    }),
    effect(() => {
      // From the first question on, the log has its full height: Stop keeps its place.
      if (store.isStreaming.value || store.drafts.value.length > 0) card.classList.add("roomy");
    }),
    effect(() => {
      void store.replaced.value;
      list.scrollToEnd();
    }),
    effect(() => {
      const labels = store.labels.value;
      fill(title, labels.title);
      header.hidden = labels.title === null && !menu.isTaken.value;
      header.classList.toggle("kept", menu.isTaken.value);
      fill(notice, labels.notice);
    }),
    effect(() => {
      const isRunning = store.isStreaming.value && !store.lost.value;
      const writing = allowsContext ? `${strings.hint} · ${strings.attachHint}` : strings.hint;
      hint.textContent = isRunning ? strings.stopHint : writing;
    }),
    effect(() => {
      const sentence = store.status.value;
      if (status.textContent !== sentence) status.textContent = sentence;
    }),
    effect(() => {
      // Whatever the list draws is read here, so that each change of it is drawn.
      const live = store.live.value;
      const others = [store.history.value, store.pending.value, store.canChange.value];
      const now = [...others, live?.key, live?.status];
      const isMore = live !== null && now.every((one, i) => one === drawn[i]);
      drawn = now;
      if (isMore) pace.grown();
      else pace.soon();
    }),
  ];
  list.draw();

  return () => {
    for (const dispose of disposals) dispose();
    pace.close();
    listening.abort();
    menu.close();
    composer.close();
    list.close();
    root.replaceChildren();
    el.removeAttribute(SUPPRESS_SHORTCUTS);
  };
}

/** Keep what is typed in here from the notebook, whose one-letter shortcuts delete cells. */
function guardKeys(el: HTMLElement, root: ShadowRoot, signal: AbortSignal): void {
  for (const type of ["keydown", "keyup", "keypress"] as const) {
    root.addEventListener(
      type,
      (event) => {
        if (!isForHost(event as KeyboardEvent)) event.stopPropagation();
      },
      { signal },
    );
  }
  el.setAttribute(SUPPRESS_SHORTCUTS, "true");
  // Lumino listens on the document before any listener in here could run, and goes by the
  // attribute; only a listener on the window comes first, to let the host's own keys through.
  const onKey = (event: KeyboardEvent) => {
    if (!event.composedPath().includes(root)) return;
    if (isForHost(event)) el.removeAttribute(SUPPRESS_SHORTCUTS);
    else el.setAttribute(SUPPRESS_SHORTCUTS, "true");
  };
  window.addEventListener("keydown", onKey, { capture: true, signal });
}

/** The host's command palette and its like, and Save; a cell's shortcuts are not among them. */
function isForHost({ key, ctrlKey, metaKey, shiftKey, altKey }: KeyboardEvent): boolean {
  if (!(ctrlKey || metaKey) || altKey) return false;
  return shiftKey ? key !== "Enter" : key === "s";
}

function fill(element: HTMLElement, text: string | null): void {
  element.textContent = text;
  element.hidden = text === null;
}

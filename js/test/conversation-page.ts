/** A chat whose list of conversations is open, and what its tests look for. */

import { assistant, type FakeModel, user } from "./fake-model.js";
import { all, draw, find } from "./page.js";

export const _view = {
  turn: null,
  revision: 1,
  conversation: "c1",
  labels: { conversations: "yes" },
};
export const kept = { _view, messages: [user("u1", "Hi"), assistant("a1", "Hello")] };
export const running = {
  _view: { ..._view, turn: "t1" },
  messages: kept.messages,
  isStreaming: true,
};
export const THREE = [
  { id: "c1", title: "Plots", updated_at: "" },
  { id: "c2", title: "Tables", updated_at: "" },
  { id: "c3", title: "", updated_at: "" },
];

export const button = (root: ShadowRoot, part: string, at = 0) => {
  const found = all(root, part)[at];
  if (found === undefined) throw new Error(`no ${part} ${at}`);
  return found as HTMLButtonElement;
};
export const panel = (root: ShadowRoot) => find(root, "conversation-list");
export const isDisabled = (element: HTMLElement) =>
  element.getAttribute("aria-disabled") === "true";
export const names = (root: ShadowRoot) =>
  all(root, "conversation-open").map((row) => row.querySelector(".name")?.textContent);
export const list = (model: FakeModel, entries: unknown) =>
  model.custom({ type: "conversations", list: entries });

/** Draw a chat with its list open: `entries` in it, or nothing heard of them where null. */
export function show(entries: unknown = THREE, values: Record<string, unknown> = kept) {
  const drawn = draw(values);
  find(drawn.root, "conversations").click();
  if (entries !== null) {
    list(drawn.model, entries);
    drawn.model.reply(drawn.model.last("list").nonce);
  }
  return drawn;
}

export const edit = (row = 1, values: Record<string, unknown> = kept) => {
  const drawn = show(THREE, values);
  button(drawn.root, "conversation-rename", row).click();
  return { ...drawn, field: find<HTMLInputElement>(drawn.root, "conversation-title") };
};

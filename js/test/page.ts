import { afterEach, beforeEach, vi } from "vitest";
import * as context from "../src/assets/context.js";
import * as conversations from "../src/assets/conversations.js";
import * as editor from "../src/assets/editor.js";
import { provideAsset } from "../src/assets.js";
import type { ContentElement } from "../src/text.js";
import widget from "../src/widget.js";
import { assistant, FakeModel, user } from "./fake-model.js";

export let ending: AbortController;
/** One for each model that was drawn, as hosts have it. */
const lives: AbortController[] = [];

provideAsset("context", context);
provideAsset("conversations", conversations);
provideAsset("editor", editor);

beforeEach(() => {
  vi.useFakeTimers();
  ending = new AbortController();
});

afterEach(() => {
  ending.abort();
  for (const life of lives.splice(0)) life.abort();
  vi.useRealTimers();
  document.body.replaceChildren();
});

export function draw(values: Record<string, unknown> = {}) {
  const model = new FakeModel(values);
  const life = new AbortController();
  lives.push(life);
  widget.initialize({ model: model.proxy(), signal: life.signal });
  return { model, ...open(model, life.signal) };
}

export function open(model: FakeModel, signal = ending.signal) {
  const el = document.createElement("div");
  document.body.append(el);
  const close = widget.render({ model: model.proxy(), el, signal });
  const root = el.shadowRoot;
  if (root === null) throw new Error("the view has no shadow root");
  return { el, root, close };
}

export function frame() {
  vi.advanceTimersToNextFrame();
}

export function find<E extends HTMLElement = HTMLElement>(root: ShadowRoot, part: string): E {
  const found = root.querySelector<E>(`[part~="${part}"]`);
  if (found === null) throw new Error(`no ${part}`);
  return found;
}

export const input = (root: ShadowRoot) => find<HTMLTextAreaElement>(root, "input");
export const all = (root: ShadowRoot, part: string) => [
  ...root.querySelectorAll<HTMLElement>(`[part~="${part}"]`),
];
export const contents = (root: ShadowRoot) =>
  all(root, "content").map((element) => element.textContent);
export const sources = (root: ShadowRoot) =>
  all(root, "content").map((element) => (element as ContentElement).source);

export function press(target: EventTarget, key: string, init: KeyboardEventInit = {}) {
  const event = new KeyboardEvent("keydown", {
    key,
    bubbles: true,
    composed: true,
    cancelable: true,
    ...init,
  });
  target.dispatchEvent(event);
  return event;
}

export const question = user("u1", "Hi");
export const view = { turn: "t1", revision: 3, labels: {} };
export const running = { isStreaming: true, messages: [question], _view: view };
export const streaming = { ...running, streamedText: "He" };
export const ended = (status: string, content = "He", error?: string) => ({
  messages: [question, assistant("a1", content, status, error)],
  _view: view,
});

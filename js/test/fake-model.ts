import type { Model } from "../src/model.js";

type Listener = (...values: never[]) => void;

/** The host's model as far as the view can tell it: Backbone's events, and a kernel to play. */
export class FakeModel implements Model {
  readonly sent: Record<string, unknown>[] = [];
  readonly sets: Record<string, unknown>[] = [];
  readonly listeners: [string, Listener][] = [];
  readonly values: Record<string, unknown>;
  isDead = false;

  constructor(values: Record<string, unknown> = {}) {
    const empty = { streamedText: "", isStreaming: false, messages: [] };
    this.values = { ...empty, _view: { turn: null, revision: 0, labels: {} }, ...values };
  }

  get(name: string): unknown {
    return this.values[name];
  }

  set(changes: string | Readonly<Record<string, unknown>>, value?: unknown): void {
    const given = typeof changes === "string" ? { [changes]: value } : { ...changes };
    this.sets.push(given);
    const isNews = Object.keys(given).some((name) => !isSame(given[name], this.values[name]));
    Object.assign(this.values, given);
    if (isNews) this.fire("change");
  }

  send(content: unknown): void {
    if (this.isDead) throw new Error("Cannot send");
    this.sent.push(content as Record<string, unknown>);
  }

  on(event: string, listener: Listener): void {
    this.listeners.push([event, listener]);
  }

  off(event: string, listener: Listener): void {
    const index = this.listeners.findIndex(([e, l]) => e === event && l === listener);
    if (index >= 0) this.listeners.splice(index, 1);
  }

  fire(event: string, ...values: unknown[]): void {
    for (const [name, listener] of [...this.listeners]) {
      if (name === event) (listener as (...values: unknown[]) => void)(...values);
    }
  }

  /** A new proxy of this model, as anywidget makes one for every call of the widget. */
  proxy(): Model {
    return {
      get: this.get.bind(this),
      set: this.set.bind(this),
      send: this.send.bind(this),
      on: this.on.bind(this),
      off: this.off.bind(this),
    };
  }

  // The kernel's side

  custom(content: unknown): void {
    this.fire("msg:custom", content, []);
  }

  update(state: Record<string, unknown>): void {
    this.set(structuredClone(state));
  }

  append(turn: string, offset: number, text: string): void {
    this.custom({ type: "append", turn, offset, text });
  }

  get revision(): number {
    return (this.values._view as { revision: number }).revision;
  }

  /** Add messages by a patch and start or go on with `turn`. */
  patch(turn: string | null, insert: unknown[], isStreaming = true): void {
    const base = this.revision;
    const at = (this.values.messages as unknown[]).length;
    const view = { turn, revision: base + 1, labels: {} };
    this.custom({ type: "patch", base, at, remove: 0, insert, isStreaming, view });
  }

  end(turn: string, answer: unknown): void {
    const messages = [...(this.values.messages as unknown[]), answer];
    const view = { turn, revision: this.revision + 1, labels: {} };
    this.update({ isStreaming: false, messages, _view: view });
  }

  reply(nonce: unknown, error: string | null = null): void {
    this.custom({ type: "reply", nonce, ok: error === null, error });
  }

  of(type: string): Record<string, unknown>[] {
    return this.sent.filter((content) => content.type === type);
  }

  last(type: string): Record<string, unknown> {
    const found = this.of(type).at(-1);
    if (found === undefined) throw new Error(`no ${type} was sent`);
    return found;
  }
}

/** As the host compares: by value, and strings as they are. */
function isSame(a: unknown, b: unknown): boolean {
  if (typeof a === "string" || typeof b === "string") return a === b;
  return JSON.stringify(a) === JSON.stringify(b);
}

export const user = (id: string, content: string) => ({
  id,
  role: "user",
  content,
  status: "complete",
});

export const assistant = (id: string, content: string, status = "complete", error?: string) => ({
  id,
  role: "assistant",
  content,
  status,
  ...(error === undefined ? {} : { error }),
});

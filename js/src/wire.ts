/**
 * Every message between kernel and browser, both ways: its shape, its limits, its validation.
 *
 * The twin of the package `wire`, whose docstring describes the protocol; both are tested against
 * `tests/wire/*.json`. What comes in is hostile until it has been through this file: a notebook
 * restores whatever state it was saved with. Offsets count UTF-16 code units (`String.length`).
 */

import { type Details, readDetails, readText } from "./details.js";

/** Longest text of one `send` or `edit`, in UTF-16 code units. */
export const MAX_TEXT = 1_000_000;

/** Longest client, nonce, turn or message name, in UTF-16 code units. */
export const MAX_NAME = 128;

/** Longest title of a conversation, in UTF-16 code units. */
export const MAX_TITLE = 200;

/** How many conversations are listed; more than that nobody reads. */
export const MAX_LISTED = 500;

/** The assets, code that is not in the bundle: each is a file of `assets/`. */
export const ASSETS = ["conversations", "editor", "highlight", "math"] as const;

export type AssetName = (typeof ASSETS)[number];

export type Ending = "complete" | "stopped" | "interrupted" | "error";

export interface Message {
  readonly id: string;
  readonly role: "user" | "assistant" | "system";
  readonly content: string;
  readonly status: Ending;
  readonly error: string | null;
  /** A sentence about an answer that did not fail. */
  readonly note: string | null;
  readonly reasoning: string | null;
  readonly details: Details;
}

export interface View {
  readonly turn: string | null;
  readonly revision: number;
  readonly labels: Readonly<Record<string, unknown>>;
  readonly attempt?: unknown;
  readonly left?: unknown;
  readonly conversation?: unknown;
  readonly reasoning?: unknown;
}

/** One of the conversations that the server keeps. */
export interface Conversation {
  readonly id: string;
  readonly title: string;
  readonly updatedAt: string;
}

/** What the reader can ask about the conversations that the server keeps. */
export type Request =
  | { readonly type: "list" | "new" }
  | { readonly type: "open" | "remove"; readonly conversation: string }
  | { readonly type: "rename"; readonly conversation: string; readonly title: string };

export interface Attempt {
  readonly attempt: number;
  readonly of: number;
}

/** The synced state, by the names that it has on both sides. */
export interface State {
  readonly streamedText: string;
  readonly isStreaming: boolean;
  /** Raw: patches count in the kernel's list, where what cannot be drawn has a place, too. */
  readonly messages: readonly unknown[];
  readonly _view: View;
}

export const EMPTY: State = {
  streamedText: "",
  isStreaming: false,
  messages: [],
  _view: { turn: null, revision: 0, labels: {} },
};

export type FromKernel =
  | { readonly method: "custom"; readonly content: unknown }
  | { readonly method: "update"; readonly state: unknown };

export interface Reply {
  readonly nonce: string;
  readonly ok: boolean;
  readonly error: string | null;
}

export interface Position {
  readonly turn: string | null;
  readonly offset: number;
  readonly revision: number;
}

export type Command =
  | (Request & { readonly client: string; readonly nonce: string })
  | ({ readonly type: "ready" | "ack" | "resync"; readonly client: string } & Position)
  | {
      readonly type: "send";
      readonly client: string;
      readonly nonce: string;
      readonly text: string;
    }
  | {
      readonly type: "asset";
      readonly client: string;
      readonly nonce: string;
      readonly name: string;
    }
  | { readonly type: "stop"; readonly client: string; readonly turn: string }
  | { readonly type: "retry"; readonly client: string; readonly nonce: string }
  | {
      readonly type: "edit";
      readonly client: string;
      readonly nonce: string;
      readonly message: string;
      readonly text: string;
    }
  | {
      readonly type: "delete";
      readonly client: string;
      readonly nonce: string;
      readonly message: string;
    };

type Fields = Readonly<Record<string, unknown>>;
type Check = (value: unknown) => boolean;

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === "string";
const isFlag = (value: unknown): value is boolean => typeof value === "boolean";
const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0;
const isName = (value: unknown): value is string =>
  isText(value) && value.length > 0 && value.length <= MAX_NAME;
const isTurn = (value: unknown): value is string | null => value === null || isName(value);
const isAssetName: Check = (value) => (ASSETS as readonly unknown[]).includes(value);

/** Read `[attempt, of]`: which connection is being tried, of how many. */
export function readAttempt(view: View): Attempt | null {
  const given: readonly unknown[] = Array.isArray(view.attempt) ? view.attempt : [];
  const [attempt, of] = given;
  return given.length === 2 && isCount(attempt) && isCount(of) ? { attempt, of } : null;
}

/** Read how many questions a lesson still allows; null is any number. */
export function readLeft({ left }: View): number | null {
  return isCount(left) ? left : null;
}

/** Read which conversation is open; null is a new one, or a view that does not say. */
export function readConversation({ conversation }: View): string | null {
  return isName(conversation) ? conversation : null;
}

/** Read what the model thinks in the running turn, as far as it has come. */
export function readReasoning({ reasoning }: View): string {
  return isText(reasoning) ? reasoning : "";
}

/** Whether the kernel takes `value` as a title. */
export const isTitle = (value: unknown): value is string =>
  isText(value) && value.length <= MAX_TITLE && value.trim() !== "";

const isQuestion: Check = (value) => isText(value) && value.length <= MAX_TEXT;
const isView = (value: unknown): value is View =>
  isFields(value) && isTurn(value.turn) && isCount(value.revision) && isFields(value.labels);

/** Whether `content` has exactly the fields of `checks` besides its type, each of its shape. */
function matches(content: Fields, checks: Readonly<Record<string, Check>>): boolean {
  const names = Object.keys(checks);
  return (
    Object.keys(content).length === names.length + 1 &&
    names.every((name) => Object.hasOwn(content, name) && checks[name]?.(content[name]))
  );
}

// Kernel to browser

interface Append {
  readonly type: "append";
  readonly turn: string;
  readonly offset: number;
  readonly text: string;
}

interface Patch {
  readonly type: "patch";
  readonly base: number;
  readonly at: number;
  readonly remove: number;
  readonly insert: readonly unknown[];
  readonly isStreaming: boolean;
  readonly view: View;
}

interface Reason {
  readonly type: "reason";
  readonly base: number;
  readonly to: number;
  readonly text: string;
}

const REASON = { base: isCount, to: isCount, text: isText };
const APPEND = { turn: isName, offset: isCount, text: isText };
const PATCH = {
  base: isCount,
  at: isCount,
  remove: isCount,
  insert: Array.isArray,
  isStreaming: isFlag,
  view: isView,
};
const REPLY = {
  nonce: isName,
  ok: isFlag,
  error: (value: unknown) => value === null || isText(value),
};

/** Return the reply that `content` is, or null. */
export function readReply(content: unknown): Reply | null {
  const isReply = isFields(content) && content.type === "reply" && matches(content, REPLY);
  return isReply ? (content as unknown as Reply) : null;
}

/** Return the asset that `content` brings, or null. */
export function readAsset(content: unknown): { name: AssetName; text: string } | null {
  const isAsset =
    isFields(content) &&
    content.type === "asset" &&
    matches(content, { name: isAssetName, text: isText });
  return isAsset ? { name: content.name as AssetName, text: content.text as string } : null;
}

/** Return the conversations that `content` lists, as far as they can be opened, or null. */
export function readConversations(content: unknown): readonly Conversation[] | null {
  if (!isFields(content) || content.type !== "conversations") return null;
  if (!matches(content, { list: Array.isArray })) return null;
  const found = new Map<string, Conversation>();
  for (const entry of content.list as readonly unknown[]) {
    if (!isFields(entry)) return null;
    const { id, title, updated_at } = entry;
    if (!isText(id) || !isText(title) || !isText(updated_at)) return null;
    if (!isName(id) || found.has(id) || found.size >= MAX_LISTED) continue;
    found.set(id, { id, title: cut(title.trim()), updatedAt: updated_at });
  }
  return [...found.values()];
}

/** Cut a title to what can be sent back, but never through a surrogate pair. */
function cut(title: string): string {
  if (title.length <= MAX_TITLE) return title;
  return `${title.slice(0, MAX_TITLE - 1).replace(/\p{Surrogate}$/u, "")}…`;
}

/** What a message comes to; `isRepeated` marks a delta that says only what was known. */
export interface Outcome {
  /** The same object where the message changed nothing. */
  readonly state: State;
  readonly resync: boolean;
  readonly isRepeated: boolean;
}

const news = (state: State): Outcome => ({ state, resync: false, isRepeated: false });
const lost = (state: State): Outcome => ({ state, resync: true, isRepeated: false });
const repeated = (state: State): Outcome => ({ state, resync: false, isRepeated: true });

/** Apply `message` to `state`; one that is malformed or of an unknown type changes nothing. */
export function reduce(state: State, message: FromKernel): Outcome {
  if (message.method === "update") return news(update(state, message.state));
  const { content } = message;
  if (isFields(content)) {
    if (content.type === "append" && matches(content, APPEND)) {
      return append(state, content as unknown as Append);
    }
    if (content.type === "patch" && matches(content, PATCH)) {
      return patch(state, content as unknown as Patch);
    }
    if (content.type === "reason" && matches(content, REASON)) {
      return reason(state, content as unknown as Reason);
    }
  }
  return news(state);
}

function update(state: State, changes: unknown): State {
  if (!isFields(changes)) return state;
  const { streamedText, isStreaming, messages, _view } = changes;
  return {
    streamedText: isText(streamedText) ? streamedText : state.streamedText,
    isStreaming: isFlag(isStreaming) ? isStreaming : state.isStreaming,
    messages: Array.isArray(messages) ? messages : state.messages,
    _view: isView(_view) ? _view : state._view,
  };
}

function append(state: State, { turn, offset, text }: Append): Outcome {
  const known = state.streamedText.length;
  if (turn !== state._view.turn || offset > known) return lost(state);
  if (offset + text.length <= known) return repeated(state);
  const unseen = text.slice(known - offset);
  return news({ ...state, streamedText: state.streamedText + unseen });
}

function patch(state: State, change: Patch): Outcome {
  const { base, at, remove, insert, isStreaming, view } = change;
  const { revision, turn } = state._view;
  if (view.revision <= revision) return repeated(state);
  if (base !== revision || at + remove > state.messages.length) return lost(state);
  const messages = [
    ...state.messages.slice(0, at),
    ...insert,
    ...state.messages.slice(at + remove),
  ];
  if (view.turn !== turn) return news({ streamedText: "", isStreaming, messages, _view: view });
  const reasoning = readReasoning(state._view);
  const _view = reasoning === "" ? view : { ...view, reasoning };
  return news({ streamedText: state.streamedText, isStreaming, messages, _view });
}

function reason(state: State, { base, to, text }: Reason): Outcome {
  const { _view } = state;
  if (to <= _view.revision) return repeated(state);
  if (base !== _view.revision) return lost(state);
  const reasoning = readReasoning(_view) + text;
  return news({ ...state, _view: { ..._view, revision: to, reasoning } });
}

const ROLES: readonly unknown[] = ["user", "assistant", "system"];
const ENDINGS: readonly unknown[] = ["complete", "stopped", "interrupted", "error"];

/** Return the messages of `raw` that can be drawn: well-formed, and each id once. */
export function readMessages(raw: readonly unknown[]): Message[] {
  const messages = new Map<string, Message>();
  for (const entry of raw) {
    if (!isFields(entry)) continue;
    const { id, role, content, status, error } = entry;
    if (!isText(id) || !isText(content) || !ROLES.includes(role) || messages.has(id)) continue;
    messages.set(id, {
      id,
      role: role as Message["role"],
      content,
      status: ENDINGS.includes(status) ? (status as Ending) : "complete",
      error: isText(error) && error !== "" ? error : null,
      note: readText(entry.note),
      reasoning: readText(entry.reasoning),
      details: readDetails(entry),
    });
  }
  return [...messages.values()];
}

// Browser to kernel

const ASKED = { client: isName, nonce: isName };
const REPORT = { client: isName, turn: isTurn, offset: isCount, revision: isCount };
const COMMANDS: Readonly<Record<string, Readonly<Record<string, Check>>>> = {
  ready: REPORT,
  ack: REPORT,
  resync: REPORT,
  send: { client: isName, nonce: isName, text: isQuestion },
  stop: { client: isName, turn: isName },
  retry: { client: isName, nonce: isName },
  edit: { client: isName, nonce: isName, message: isName, text: isQuestion },
  delete: { client: isName, nonce: isName, message: isName },
  list: ASKED,
  new: ASKED,
  open: { ...ASKED, conversation: isName },
  rename: { ...ASKED, conversation: isName, title: isTitle },
  remove: { ...ASKED, conversation: isName },
  asset: { ...ASKED, name: isAssetName },
};

/** What the kernel makes of a command: it acts on it, refuses its shape, or knows no such type. */
export function judgeCommand(content: unknown): "valid" | "refused" | "ignored" {
  if (!isFields(content)) return "refused";
  const { type } = content;
  const checks = isText(type) && Object.hasOwn(COMMANDS, type) ? COMMANDS[type] : undefined;
  if (checks === undefined) return "ignored";
  return matches(content, checks) ? "valid" : "refused";
}

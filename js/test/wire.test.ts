// @vitest-environment node
import { describe, expect, test } from "vitest";
import commands from "../../tests/wire/commands.json";
import deltas from "../../tests/wire/deltas.json";
import {
  EMPTY,
  type FromKernel,
  judgeCommand,
  readMessages,
  readReply,
  reduce,
  type State,
} from "../src/wire.js";

describe("deltas", () => {
  test.each(deltas.map((vector) => [vector.name, vector] as const))("%s", (_, vector) => {
    let state = vector.state as State;
    let isLost = false;
    for (const message of vector.messages as FromKernel[]) {
      const next = reduce(state, message);
      state = next.state;
      isLost ||= next.resync;
    }
    expect(state).toEqual(vector.expect);
    expect(isLost).toBe(vector.resync);
  });
});

describe("commands", () => {
  test.each(commands.map((vector) => [vector.name, vector] as const))("%s", (_, vector) => {
    expect(judgeCommand(vector.content)).toBe(vector.outcome);
  });

  test("a type that only Object knows is ignored", () => {
    expect(judgeCommand({ type: "toString" })).toBe("ignored");
  });
});

const running: State = {
  streamedText: "He",
  isStreaming: true,
  messages: [],
  _view: { turn: "t1", revision: 3, labels: {} },
};
const custom = (content: unknown): FromKernel => ({ method: "custom", content });
const patch = {
  type: "patch",
  base: 3,
  at: 0,
  remove: 0,
  insert: [],
  isStreaming: true,
  view: { turn: "t1", revision: 4, labels: {} },
};

test.each([
  ["an additional field", { ...patch, extra: 1 }],
  ["a missing field", { ...patch, insert: undefined }],
  ["a flag that is a number", { ...patch, isStreaming: 1 }],
  ["a list that is an object", { ...patch, insert: {} }],
  ["a revision that is a fraction", { ...patch, view: { ...patch.view, revision: 4.5 } }],
  ["labels that are a list", { ...patch, view: { ...patch.view, labels: [] } }],
  ["a turn that is too long", { ...patch, view: { ...patch.view, turn: "t".repeat(129) } }],
])("a patch with %s changes nothing", (_, content) => {
  expect(reduce(running, custom(content))).toEqual({
    state: running,
    resync: false,
    isRepeated: false,
  });
});

test("a patch that reaches beyond the messages known asks for a resync", () => {
  expect(reduce(running, custom({ ...patch, remove: 1 })).resync).toBe(true);
});

test("a delta that was seen before is told from a malformed one, and changes nothing", () => {
  const append = { type: "append", turn: "t1", offset: 0, text: "He" };
  const old = { ...patch, base: 2, view: { ...patch.view, revision: 3 } };
  for (const content of [append, old]) {
    const outcome = reduce(running, custom(content));
    expect(outcome.state).toBe(running);
    expect(outcome.isRepeated).toBe(true);
  }
});

test.each([
  ["nothing", undefined],
  ["a list", []],
  ["wrong types", { streamedText: 5, isStreaming: "yes", messages: {}, _view: null }],
  ["a view of wrong types", { _view: { turn: 5, revision: "1", labels: {} } }],
])("a restored state of %s is taken for an empty one", (_, state) => {
  expect(reduce(EMPTY, { method: "update", state }).state).toEqual(EMPTY);
});

test("only well-formed messages are drawn, and each id once", () => {
  const good = { id: "a", role: "user", content: "Hi", status: "complete", error: null };
  const raw = [
    null,
    "text",
    { ...good, id: 5 },
    { ...good, role: "root" },
    { ...good, content: ["Hi"] },
    good,
    { ...good, content: "again" },
  ];
  expect(readMessages(raw)).toMatchObject([good]);
});

test("an unknown status counts as complete, and an error that is no sentence as none", () => {
  const raw = { id: "a", role: "assistant", content: "", status: "exploded", error: { a: 1 } };
  expect(readMessages([raw])).toMatchObject([{ ...raw, status: "complete", error: null }]);
});

test("a reply is read only where it has the shape of one", () => {
  const reply = { type: "reply", nonce: "n", ok: false, error: "Busy." };
  expect(readReply(reply)).toEqual(reply);
  expect(readReply({ ...reply, ok: "no" })).toBeNull();
  expect(readReply({ ...reply, error: 5 })).toBeNull();
  expect(readReply({ ...reply, type: "append" })).toBeNull();
});

// @vitest-environment node
import { describe, expect, test } from "vitest";
import { Store } from "../src/store.js";
import { STRINGS } from "../src/strings.js";
import type { State } from "../src/wire.js";
import { assistant, user } from "./fake-model.js";

interface Change {
  text?: string;
  streaming?: boolean;
  messages?: unknown[];
  turn?: string | null;
  labels?: Record<string, unknown>;
  attempt?: unknown;
}

function state(change: Change) {
  const { text = "", streaming = false, messages = [], turn = "t1", labels = {} } = change;
  const _view = { turn, revision: 1, labels, attempt: change.attempt ?? null };
  return { streamedText: text, isStreaming: streaming, messages, _view } satisfies State;
}

function storeOf(change: Change): Store {
  const store = new Store();
  store.accept(state(change));
  return store;
}

const question = user("u1", "Hi");

describe("the phase", () => {
  test.each([
    ["idle", {}],
    ["idle", { messages: [question] }],
    ["waiting", { messages: [question], streaming: true }],
    ["streaming", { messages: [question], streaming: true, text: "He" }],
    ["ended", { messages: [question, assistant("a1", "Hello")] }],
    ["stopped", { messages: [question, assistant("a1", "He", "stopped")] }],
    ["failed", { messages: [question, assistant("a1", "He", "interrupted", "Gone.")] }],
    ["failed", { messages: [question, assistant("a1", "", "error", "No.")] }],
    ["idle", { streaming: true, turn: null }],
  ] as const)("is %s for %j", (phase, change) => {
    expect(storeOf(change as Change).phase.value).toBe(phase);
  });

  test("is stopping from Stop until the ending, for the stopped turn alone", () => {
    const store = storeOf({ streaming: true, text: "He" });
    expect(store.stop()).toBe("t1");
    expect(store.phase.value).toBe("stopping");
    store.accept(state({ streaming: true, turn: "t2", text: "x" }));
    expect(store.phase.value).toBe("streaming");
    store.accept(state({ streaming: true, turn: "t1", text: "He" }));
    expect(store.phase.value).toBe("streaming");
  });

  test("is reconnecting while a connection is being tried, and says which", () => {
    const store = storeOf({ streaming: true, text: "He", attempt: [2, 3] });
    expect(store.phase.value).toBe("reconnecting");
    expect(store.status.value).toBe("Reconnecting (2/3)…");
    store.accept(state({ streaming: true, text: "Hello" }));
    expect(store.phase.value).toBe("streaming");
  });

  test("is stopping, not reconnecting, once the reader has stopped", () => {
    const store = storeOf({ streaming: true, attempt: [2, 3] });
    store.stop();
    expect(store.phase.value).toBe("stopping");
  });

  test.each([[[2]], ["2/3"], [[2, "3"]], [[-1, 3]], [{ attempt: 2, of: 3 }]])(
    "is not reconnecting for %j, which is no attempt",
    (attempt) => {
      expect(storeOf({ streaming: true, attempt }).phase.value).toBe("waiting");
    },
  );

  test("is lost whatever else is true", () => {
    const store = storeOf({ streaming: true, text: "He" });
    store.lost.value = true;
    expect(store.phase.value).toBe("lost");
    expect(store.status.value).toBe(STRINGS.kernelGone);
    expect(store.canSend.value).toBe(false);
  });
});

test("nothing can be stopped where nothing runs", () => {
  expect(storeOf({ messages: [question] }).stop()).toBeNull();
});

test("a stopped answer is shown as far as it was when the reader stopped it", () => {
  const store = storeOf({ streaming: true, text: "He" });
  store.stop();
  store.accept(state({ streaming: true, text: "Hello" }));
  expect(store.streamedText.value).toBe("Hello");
  expect(store.live.value?.content).toBe("He");
});

test("stopping again does not show more", () => {
  const store = storeOf({ streaming: true, text: "He" });
  store.stop();
  store.accept(state({ streaming: true, text: "Hello" }));
  store.stop();
  expect(store.live.value?.content).toBe("He");
});

test("the ending's message takes the place of the streamed answer", () => {
  const store = storeOf({ messages: [question], streaming: true, text: "He" });
  const key = store.live.value?.key;
  store.accept(state({ messages: [question, assistant("a1", "Hello")], text: "Hello" }));
  expect(store.live.value).toBeNull();
  expect(store.history.value.map((item) => item.key)).toEqual(["message u1", key]);
});

test("the kernel's user message takes the place of the draft with its text", () => {
  const store = storeOf({});
  store.addDraft("n1", "Hi\n", store);
  const key = store.pending.value[0]?.key;
  store.accept(state({ messages: [question], streaming: true }));
  expect(store.pending.value).toEqual([]);
  expect(store.history.value.map((item) => item.key)).toEqual([key]);
});

test("another's question leaves a draft that the kernel has not accepted", () => {
  const store = storeOf({});
  store.addDraft("n1", "Mine", store);
  store.accept(state({ messages: [question], streaming: true }));
  expect(store.pending.value).toHaveLength(1);
});

test("an accepted draft is any new question, however the kernel words it", () => {
  const store = storeOf({});
  store.addDraft("n1", "Hi!", store);
  store.acceptDraft("n1");
  store.accept(state({ messages: [question], streaming: true }));
  expect(store.pending.value).toEqual([]);
});

test("nothing is sent while a draft waits, unless nobody answers it", () => {
  const store = storeOf({});
  store.addDraft("n1", "Hi", store);
  expect(store.canSend.value).toBe(false);
  store.markDraftOverdue("n1");
  expect(store.canSend.value).toBe(true);
  expect(store.status.value).toBe(STRINGS.unanswered);
});

test("a refused draft goes back to its composer, and to any where that has closed", () => {
  const store = storeOf({});
  const [mine, other] = [{}, {}];
  store.addDraft("n1", "Hi", mine);
  store.returnDraft("n1", "Busy.");
  expect(store.status.value).toBe("Busy.");
  expect(store.takeReturned(other)).toEqual([]);
  store.disown(mine);
  expect(store.takeReturned(other)).toEqual(["Hi"]);
  expect(store.takeReturned(other)).toEqual([]);
});

test("the sentence about a command gives way to the next turn", () => {
  const store = storeOf({});
  store.note.value = "Busy.";
  store.accept(state({}));
  expect(store.status.value).toBe("Busy.");
  store.accept(state({ streaming: true }));
  expect(store.status.value).toBe(STRINGS.thinking);
});

test("a refusal of something unknown says nothing", () => {
  const store = storeOf({});
  store.returnDraft("n1", "Busy.");
  expect(store.status.value).toBe("");
});

test("system messages are not drawn", () => {
  const store = storeOf({ messages: [{ ...question, role: "system" }] });
  expect(store.history.value).toEqual([]);
});

test("labels that are no strings are ignored, and unknown ones too", () => {
  const store = storeOf({ labels: { title: "Demo", notice: 5, placeholder: " ", other: "x" } });
  expect(store.labels.value).toEqual({ title: "Demo", notice: null, placeholder: null });
});

test("the status does not change with the text", () => {
  const store = storeOf({ streaming: true, text: "H" });
  let changes = 0;
  store.status.subscribe(() => {
    changes += 1;
  });
  for (const text of ["He", "Hel", "Hello"]) store.accept(state({ streaming: true, text }));
  expect(changes).toBe(1);
});

test.each([
  ["", {}],
  [STRINGS.thinking, { streaming: true }],
  [STRINGS.generating, { streaming: true, text: "H" }],
  [STRINGS.complete, { messages: [assistant("a", "Hi")] }],
  [STRINGS.stopped, { messages: [assistant("a", "Hi", "stopped")] }],
  ["Failed: No.", { messages: [assistant("a", "", "error", "No.")] }],
  ["Failed", { messages: [assistant("a", "", "error")] }],
])("the status is %j for %j", (sentence, change) => {
  expect(storeOf(change as Change).status.value).toBe(sentence);
});

describe("messages that a server stored under other ids", () => {
  test("keep their place on the screen", () => {
    const store = storeOf({ messages: [question, assistant("a1", "Hello")] });
    const keys = store.history.value.map(({ key }) => key);
    store.accept(state({ messages: [user("s1", "Hi"), assistant("s2", "Hello")] }));
    expect(store.history.value.map(({ key }) => key)).toEqual(keys);
    store.accept(state({ messages: [user("r1", "Hi"), assistant("s2", "Hello")] }));
    expect(store.history.value.map(({ key }) => key)).toEqual(keys);
  });

  test("are other messages where their text is another", () => {
    const store = storeOf({ messages: [question] });
    const [before] = store.history.value;
    store.accept(state({ messages: [user("s1", "Hello")] }));
    expect(store.history.value[0]?.key).not.toBe(before?.key);
  });
});

describe("the reasoning", () => {
  const thinking = (reasoning: string, text = ""): State => {
    const { _view, ...rest } = state({ streaming: true, text });
    return { ...rest, _view: { ..._view, reasoning } };
  };

  test("is the live answer's while it streams, and none is null", () => {
    const store = new Store();
    store.accept(thinking("So"));
    expect(store.live.value?.reasoning).toBe("So");
    expect(store.phase.value).toBe("waiting");
    store.accept(state({ streaming: true }));
    expect(store.live.value?.reasoning).toBeNull();
  });

  test("freezes with the text when the reader stops", () => {
    const store = new Store();
    store.accept(thinking("So", "He"));
    store.stop();
    store.accept(thinking("So on", "Hello"));
    expect(store.live.value).toMatchObject({ reasoning: "So", content: "He" });
  });
});

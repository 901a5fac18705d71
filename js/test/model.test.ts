// @vitest-environment node
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ModelLink } from "../src/model.js";
import { assistant, FakeModel, user } from "./fake-model.js";

let ending: AbortController;

beforeEach(() => {
  vi.useFakeTimers();
  ending = new AbortController();
});

afterEach(() => {
  ending.abort();
  vi.useRealTimers();
});

function join(values: Record<string, unknown> = {}) {
  const model = new FakeModel(values);
  const link = new ModelLink(model, ending.signal);
  return { model, link, store: link.store };
}

const running = {
  streamedText: "He",
  isStreaming: true,
  messages: [user("u1", "Hi")],
  _view: { turn: "t1", revision: 3, labels: {} },
};

const { _view: view } = running;
const stale = { type: "patch", at: 0, remove: 0, insert: [], isStreaming: true };

describe("joining", () => {
  test("it says at once what it knows", () => {
    const { model, link } = join(running);
    const position = { turn: "t1", offset: 2, revision: 3 };
    expect(model.sent).toEqual([{ type: "ready", client: link.client, ...position }]);
  });

  test("it says so again, ever later, until the kernel answers", () => {
    const { model } = join(running);
    vi.advanceTimersByTime(499);
    expect(model.of("ready")).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(model.of("ready")).toHaveLength(2);
    vi.advanceTimersByTime(1500);
    expect(model.of("ready")).toHaveLength(3);
    model.custom({ ...stale, base: 2, view });
    vi.advanceTimersByTime(60_000);
    expect(model.of("ready")).toHaveLength(3);
  });

  test("it does not say so for ever", () => {
    const { model } = join(running);
    vi.advanceTimersByTime(600_000);
    expect(model.of("ready")).toHaveLength(4);
  });

  test("each link has a name of its own", () => {
    expect(join().link.client).not.toBe(join().link.client);
    expect(join().link.client).toMatch(/^[0-9a-f]{32}$/);
  });

  test("a state of wrong types is drawn as an empty one", () => {
    const { model, store } = join({ streamedText: 5, isStreaming: "x", messages: 1, _view: [] });
    expect(store.phase.value).toBe("idle");
    expect(model.last("ready")).toMatchObject({ turn: null, offset: 0, revision: 0 });
  });

  test("a model without a kernel draws its messages and goes on waiting quietly", () => {
    const { store } = join({ messages: [user("u1", "Hi"), assistant("a1", "Hello")] });
    vi.advanceTimersByTime(60_000);
    expect(store.history.value.map((item) => item.content)).toEqual(["Hi", "Hello"]);
    expect(store.phase.value).toBe("ended");
  });

  test("an answer restored in mid-stream is given up when no kernel goes on with it", () => {
    const { store } = join(running);
    vi.advanceTimersByTime(9_999);
    expect(store.phase.value).toBe("streaming");
    vi.advanceTimersByTime(1);
    expect(store.phase.value).toBe("lost");
    expect(store.live.value).toMatchObject({ status: "interrupted", content: "He" });
  });

  test("after its end it hears nothing and does nothing more", () => {
    const { model, store } = join(running);
    model.append("t1", 2, "l");
    ending.abort();
    expect(model.listeners).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
    expect(store.streamedText.value).toBe("Hel");
  });
});

describe("deltas", () => {
  test("one delta is one set of what it changes", () => {
    const { model, store } = join(running);
    model.append("t1", 2, "llo");
    expect(model.sets).toEqual([{ streamedText: "Hello" }]);
    expect(store.streamedText.value).toBe("Hello");
  });

  test("a patch sets all that it changes at once", () => {
    const { model } = join();
    model.patch("t1", [user("u1", "Hi")]);
    expect(model.sets).toHaveLength(1);
    expect(Object.keys(model.sets[0] ?? {})).toEqual(["isStreaming", "messages", "_view"]);
  });

  test("a host that knows only set(name, value) gets each value all the same", () => {
    const model = new FakeModel(running);
    const set = model.set.bind(model);
    model.set = (changes: string | object, value?: unknown) =>
      set(typeof changes === "string" ? changes : "[object Object]", value);
    new ModelLink(model, ending.signal);
    model.append("t1", 2, "llo");
    expect(model.values.streamedText).toBe("Hello");
  });

  test("fields of a message that the view does not know survive", () => {
    const { model } = join();
    const message = { ...user("u1", "Hi"), timestamp: 5, usage: { tokens: 1 } };
    model.patch("t1", [message]);
    expect(model.values.messages).toEqual([message]);
  });

  test("malformed messages change nothing and send nothing", () => {
    const { model, store } = join(running);
    const before = [store.state, model.sent.length];
    for (const content of [null, 5, "append", [], {}, { type: "append" }, { type: "reply" }]) {
      model.custom(content);
    }
    vi.advanceTimersByTime(5000);
    expect([store.state, model.sent.length]).toEqual(before);
  });
});

describe("acknowledging", () => {
  test("a stream faster than the delay is acknowledged about once a second", () => {
    const { model } = join(running);
    for (let i = 0; i < 200; i += 1) {
      vi.advanceTimersByTime(16);
      model.append("t1", 2 + i, "x");
    }
    expect(model.of("ack")).toHaveLength(3);
  });

  test("a lot of text is acknowledged before the second is over", () => {
    const { model } = join(running);
    model.append("t1", 2, "x".repeat(128 * 1024 + 1));
    expect(model.last("ack")).toMatchObject({ offset: 128 * 1024 + 3 });
  });

  test("the last text is acknowledged a while after it, once", () => {
    const { model } = join(running);
    model.append("t1", 2, "l");
    vi.advanceTimersByTime(200);
    model.append("t1", 3, "l");
    vi.advanceTimersByTime(249);
    expect(model.of("ack")).toHaveLength(0);
    vi.advanceTimersByTime(1);
    expect(model.last("ack")).toMatchObject({ turn: "t1", offset: 4, revision: 3 });
    vi.advanceTimersByTime(60_000);
    expect(model.of("ack")).toHaveLength(1);
  });

  test("a delta already seen is acknowledged again: our word for it may have been lost", () => {
    const { model } = join(running);
    model.append("t1", 0, "He");
    vi.advanceTimersByTime(249);
    expect(model.of("ack")).toHaveLength(0);
    vi.advanceTimersByTime(1);
    expect(model.of("ack")).toHaveLength(1);
    model.custom({ ...stale, base: 2, view });
    vi.advanceTimersByTime(60_000);
    expect(model.of("ack")).toHaveLength(2);
  });

  test("a full update is acknowledged at once", () => {
    const { model } = join(running);
    model.end("t1", assistant("a1", "Hello"));
    expect(model.last("ack")).toMatchObject({ turn: "t1", offset: 2, revision: 4 });
  });

  test("an ending by patch is acknowledged at once", () => {
    const { model } = join(running);
    model.patch("t1", [assistant("a1", "Hello")], false);
    expect(model.last("ack")).toMatchObject({ revision: 4 });
  });

  test("an update that repeats what is known is acknowledged too, but not in a burst", () => {
    const { model } = join(running);
    vi.advanceTimersByTime(1000);
    const again = (labels: object) =>
      model.update({ _view: { turn: "t1", revision: 3, labels: {}, attempt: labels } });
    again({ n: 1 });
    expect(model.of("ack")).toHaveLength(1);
    again({ n: 2 });
    again({ n: 3 });
    expect(model.of("ack")).toHaveLength(1);
    vi.advanceTimersByTime(250);
    expect(model.of("ack")).toHaveLength(2);
  });

  test("a change of what is not ours is no update", () => {
    const { model } = join(running);
    model.set("_view_count", 2);
    expect(model.of("ack")).toHaveLength(0);
  });
});

describe("losing the place", () => {
  test("a gap asks for a resync, and not again within a second", () => {
    const { model } = join(running);
    model.append("t1", 9, "x");
    model.append("t1", 10, "x");
    expect(model.of("resync")).toHaveLength(1);
    expect(model.last("resync")).toMatchObject({ turn: "t1", offset: 2, revision: 3 });
    vi.advanceTimersByTime(1000);
    model.append("t1", 11, "x");
    expect(model.of("resync")).toHaveLength(2);
  });

  test("an update answers it, so that the next gap asks at once", () => {
    const { model } = join(running);
    model.append("t1", 9, "x");
    model.update({ streamedText: "Hello" });
    model.append("t1", 9, "x");
    expect(model.of("resync")).toHaveLength(2);
  });
});

describe("a comm that changes its state", () => {
  test("is asked whether the kernel is still there", () => {
    const { model, store } = join(running);
    model.fire("comm_live_update");
    expect(model.of("ready")).toHaveLength(2);
    vi.advanceTimersByTime(1999);
    expect(store.lost.value).toBe(false);
    vi.advanceTimersByTime(1);
    expect(store.phase.value).toBe("lost");
    expect(store.live.value).toMatchObject({ status: "interrupted", content: "He" });
  });

  test("is asked again, as the question or its answer may be lost", () => {
    const { model } = join(running);
    model.custom({ type: "something" });
    model.fire("comm_live_update");
    vi.advanceTimersByTime(60_000);
    expect(model.of("ready")).toHaveLength(5);
  });

  test("is alive when any message comes in time", () => {
    const { model, store } = join(running);
    model.fire("comm_live_update");
    model.custom({ type: "something" });
    vi.advanceTimersByTime(60_000);
    expect(store.lost.value).toBe(false);
  });

  test("is alive again when a message comes later", () => {
    const { model, store } = join(running);
    model.fire("comm_live_update");
    vi.advanceTimersByTime(2000);
    model.update({ streamedText: "Hello" });
    expect(store.phase.value).toBe("streaming");
  });
});

test("a comm that the host has thrown away is a lost kernel, and no exception", () => {
  const { model, link, store } = join(running);
  model.isDead = true;
  link.stop();
  expect(store.phase.value).toBe("lost");
});

// @vitest-environment node
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ModelLink } from "../src/model.js";
import { fill, STRINGS } from "../src/strings.js";
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

describe("sending", () => {
  test("the question is drawn at once, and once when the kernel has it", () => {
    const { model, link, store } = join();
    link.send("Hi", {});
    expect(store.pending.value.map((item) => item.content)).toEqual(["Hi"]);
    model.patch("t1", [user("u1", "Hi")]);
    model.reply(model.last("send").nonce);
    vi.advanceTimersByTime(60_000);
    expect(store.pending.value).toEqual([]);
    expect(store.history.value.map((item) => item.content)).toEqual(["Hi"]);
  });

  test("a draft that was accepted stays until its message is there, within reason", () => {
    const { model, link, store } = join();
    link.send("Hi", {});
    model.reply(model.last("send").nonce);
    expect(store.pending.value).toHaveLength(1);
    vi.advanceTimersByTime(1000);
    expect(store.pending.value).toHaveLength(0);
  });

  test("a refused question comes back with the kernel's sentence", () => {
    const { model, link, store } = join();
    const owner = {};
    link.send("Hi", owner);
    model.reply(model.last("send").nonce, "A turn is running.");
    expect(store.takeReturned(owner)).toEqual(["Hi"]);
    expect(store.status.value).toBe("A turn is running.");
    expect(store.pending.value).toEqual([]);
  });

  test("a question that nobody answers stays visible, and says so", () => {
    const { model, link, store } = join();
    link.send("Hi", {});
    vi.advanceTimersByTime(5000);
    expect(store.status.value).toBe(STRINGS.unanswered);
    expect(store.pending.value).toMatchObject([{ content: "Hi", note: STRINGS.waiting }]);
    model.patch("t1", [user("u1", "Hi")]);
    expect(store.status.value).toBe(STRINGS.thinking);
    expect(store.pending.value).toEqual([]);
  });

  test("a draft accepted just before its time is never called late", () => {
    const { model, link, store } = join();
    link.send("Hi", {});
    vi.advanceTimersByTime(4900);
    model.reply(model.last("send").nonce);
    vi.advanceTimersByTime(200);
    expect(store.status.value).toBe("");
  });

  test("after a silence, it first says where this browser is", () => {
    const { model, link } = join(running);
    model.custom({ type: "something" });
    vi.advanceTimersByTime(1001);
    link.send("Hi", {});
    expect(model.sent.map((content) => content.type)).toEqual(["ready", "ack", "send"]);
    link.send("Hi", {});
    expect(model.of("ack")).toHaveLength(1);
  });

  test("half a surrogate pair is replaced, since no message can carry it", () => {
    const { model, link } = join();
    link.send("a\ud83d 😀", {});
    expect(model.last("send").text).toBe("a\ufffd 😀");
  });
});

describe("stopping", () => {
  test("it names the turn, and is not sent twice", () => {
    const { model, link, store } = join(running);
    link.stop();
    link.stop();
    expect(model.of("stop")).toEqual([{ type: "stop", client: link.client, turn: "t1" }]);
    expect(store.phase.value).toBe("stopping");
  });

  test("a kernel that does not hear is named at once, and may be told again", () => {
    const { model, link, store } = join(running);
    link.stop();
    vi.advanceTimersByTime(299);
    expect(store.status.value).toBe(STRINGS.stopping);
    vi.advanceTimersByTime(1);
    expect(store.status.value).toBe(STRINGS.stillStopping);
    model.append("t1", 2, "llo");
    expect(store.live.value).toMatchObject({ content: "He", status: "stopped" });
    link.stop();
    expect(model.of("stop")).toHaveLength(2);
  });

  test("the ending shows the true text", () => {
    const { model, link, store } = join(running);
    link.stop();
    model.append("t1", 2, "llo");
    model.end("t1", assistant("a1", "Hello", "stopped"));
    expect(store.phase.value).toBe("stopped");
    expect(store.history.value.at(-1)?.content).toBe("Hello");
  });

  test("where nothing runs nothing is sent", () => {
    const { model, link } = join();
    link.stop();
    expect(model.of("stop")).toEqual([]);
  });

  describe("a kernel that hears late", () => {
    function stopLate(answer: unknown, late = 300) {
      const joined = join(running);
      joined.link.stop();
      vi.advanceTimersByTime(late);
      joined.model.append("t1", 2, "llo");
      joined.model.end("t1", answer);
      return joined;
    }

    test.each(["stopped", "complete", "interrupted"])(
      "leaves the text where the reader stopped it, though the kernel says %s",
      (status) => {
        const { store } = stopLate(assistant("a1", "Hello", status, "A sentence."));
        expect(store.phase.value).toBe("stopped");
        expect(store.status.value).toBe(STRINGS.stopped);
        expect(store.history.value.at(-1)).toMatchObject({
          content: "He",
          status: "stopped",
          isCut: true,
          note: fill(STRINGS.cut, { count: 3 }),
        });
      },
    );

    test("keeps the rest, for a reader who asks for it", () => {
      const { store } = stopLate(assistant("a1", "Hello", "complete"));
      store.showRest(store.history.value.at(-1)?.key ?? "");
      expect(store.phase.value).toBe("ended");
      expect(store.history.value.at(-1)).toMatchObject({
        content: "Hello",
        status: "complete",
        isCut: false,
        note: null,
      });
    });

    test("cuts its message also under the id that a server gives it", () => {
      const { model, store } = stopLate(assistant("a1", "Hello", "stopped"));
      model.update({
        messages: [user("s1", "Hi"), assistant("s2", "Hello", "stopped")],
        _view: { turn: "t1", revision: model.revision + 1, labels: {} },
      });
      expect(store.history.value.at(-1)).toMatchObject({ id: "s2", content: "He", isCut: true });
    });

    test("cuts nothing where nothing more came", () => {
      const { store } = stopLate(assistant("a1", "He", "error", "No."));
      expect(store.history.value.at(-1)).toMatchObject({ isCut: false, status: "error" });
    });

    test("cuts no other answer", () => {
      const { model, store } = stopLate(assistant("a1", "Hello", "stopped"));
      model.patch("t2", [user("u2", "More")]);
      model.append("t2", 0, "Well, yes");
      model.end("t2", assistant("a2", "Well, yes"));
      const shown = store.history.value.map(({ content }) => content);
      expect(shown).toEqual(["Hi", "He", "More", "Well, yes"]);
    });
  });
});

describe("retrying", () => {
  const failed = {
    messages: [user("u1", "Hi"), assistant("a1", "", "error", "No.")],
    _view: { turn: "t1", revision: 3, labels: {} },
  };

  test("it is asked once until it is answered", () => {
    const { model, link, store } = join(failed);
    link.retry();
    link.retry();
    expect(model.of("retry")).toHaveLength(1);
    expect(store.canChange.value).toBe(false);
    model.reply(model.last("retry").nonce, "Nothing to retry.");
    expect(store.canChange.value).toBe(true);
    expect(store.status.value).toBe("Nothing to retry.");
  });

  test("a kernel that does not answer is named", () => {
    const { link, store } = join(failed);
    link.retry();
    vi.advanceTimersByTime(5000);
    expect(store.status.value).toBe(STRINGS.unheard);
    expect(store.canChange.value).toBe(true);
  });

  test("a late check of a retry that worked says nothing", () => {
    const { model, link, store } = join(failed);
    link.retry();
    model.patch("t2", []);
    vi.advanceTimersByTime(5000);
    expect(store.status.value).toBe(STRINGS.thinking);
  });
});

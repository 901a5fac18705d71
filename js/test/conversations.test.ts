// @vitest-environment node
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ModelLink } from "../src/model.js";
import { STRINGS } from "../src/strings.js";
import { judgeCommand, MAX_LISTED, MAX_TITLE, readConversations } from "../src/wire.js";
import { assistant, FakeModel, user } from "./fake-model.js";

const entry = { id: "c1", title: "Plots", updated_at: "2026-11-22T10:00:00.000Z" };
const listing = (list: unknown) => ({ type: "conversations", list });

describe("what the kernel makes of a command", () => {
  const asked = { client: "c", nonce: "n" };
  const rename = { type: "rename", conversation: "c1", title: "Plots", ...asked };
  test.each([
    ["list", { type: "list", ...asked }, "valid"],
    ["new", { type: "new", ...asked }, "valid"],
    ["open", { type: "open", conversation: "c1", ...asked }, "valid"],
    ["remove", { type: "remove", conversation: "c1", ...asked }, "valid"],
    ["rename", rename, "valid"],
    ["a title of 200 units", { ...rename, title: "😀".repeat(MAX_TITLE / 2) }, "valid"],
    ["a title of more", { ...rename, title: `${"😀".repeat(MAX_TITLE / 2)}x` }, "refused"],
    ["a blank title", { ...rename, title: " \n" }, "refused"],
    ["no title", { ...rename, title: "" }, "refused"],
    ["a title that is no string", { ...rename, title: 5 }, "refused"],
    ["list with a conversation", { type: "list", conversation: "c1", ...asked }, "refused"],
    ["new without a nonce", { type: "new", client: "c" }, "refused"],
    ["open without a conversation", { type: "open", ...asked }, "refused"],
    ["open of null", { type: "open", conversation: null, ...asked }, "refused"],
    [
      "remove of a long name",
      { type: "remove", conversation: "c".repeat(129), ...asked },
      "refused",
    ],
  ])("%s", (_, content, outcome) => {
    expect(judgeCommand(content)).toBe(outcome);
  });
});

describe("a list from the kernel", () => {
  test("is read in its order", () => {
    const other = { ...entry, id: "c2", title: "", updated_at: "" };
    expect(readConversations(listing([other, entry]))).toEqual([
      { id: "c2", title: "", updatedAt: "" },
      { id: "c1", title: "Plots", updatedAt: entry.updated_at },
    ]);
    expect(readConversations(listing([]))).toEqual([]);
  });

  test.each([
    ["no list", {}],
    ["a number", [5]],
    ["null", [null]],
    ["a list", [[]]],
    ["an id of a wrong type", [{ ...entry, id: 1 }]],
    ["a title of a wrong type", [entry, { ...entry, title: { toString: "x" } }]],
    ["a time of a wrong type", [{ ...entry, updated_at: 1732270000 }]],
    ["no time", [{ id: "c1", title: "Plots" }]],
  ])("is ignored with %s in it", (_, list) => {
    expect(readConversations(listing(list))).toBeNull();
  });

  test("is ignored with an additional field or of another type", () => {
    expect(readConversations({ ...listing([]), more: true })).toBeNull();
    expect(readConversations({ ...listing([]), type: "patch" })).toBeNull();
    expect(readConversations([])).toBeNull();
  });

  test("ends where nobody reads on, and has each conversation once", () => {
    const list = Array.from({ length: 10_000 }, (_, i) => ({ ...entry, id: `c${i >> 1}` }));
    const read = readConversations(listing(list));
    expect(read).toHaveLength(MAX_LISTED);
    expect(new Set(read?.map(({ id }) => id)).size).toBe(MAX_LISTED);
  });

  test("leaves out what could not be opened by its name", () => {
    const list = [{ ...entry, id: "" }, { ...entry, id: "c".repeat(129) }, entry];
    expect(readConversations(listing(list))?.map(({ id }) => id)).toEqual(["c1"]);
  });

  test("cuts a title to what can be sent back, and no letter in two", () => {
    const title = `x${"😀".repeat(500)}`;
    const [read] = readConversations(listing([{ ...entry, title }])) ?? [];
    expect(read?.title).toBe(`x${"😀".repeat(99)}…`);
    expect(read?.title.length).toBeLessThanOrEqual(MAX_TITLE);
  });
});

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
  return { model, link, store: link.store, kept: link.store.conversations };
}

const viewOf = (conversation: unknown, revision = 1) => ({
  turn: null,
  revision,
  conversation,
  labels: { conversations: "yes" },
});
const running = {
  isStreaming: true,
  messages: [user("u1", "Hi")],
  _view: { ...viewOf("c1"), turn: "t1" },
};

describe("what the view says of conversations", () => {
  test("they are kept where the label says yes, and nothing else does", () => {
    expect(join({ _view: viewOf(null) }).kept.areKept.value).toBe(true);
    for (const conversations of [undefined, "no", true, ["yes"]]) {
      const _view = { turn: null, revision: 1, labels: { conversations } };
      expect(join({ _view }).kept.areKept.value).toBe(false);
    }
  });

  test("the open one is known by a name, and by nothing else", () => {
    expect(join({ _view: viewOf("c1") }).kept.current.value).toBe("c1");
    for (const malformed of [undefined, null, "", 5, {}, ["c1"], "c".repeat(129)]) {
      const { kept, store } = join({ _view: viewOf(malformed), messages: [user("u1", "Hi")] });
      expect(kept.current.value).toBeNull();
      expect(store.history.value).toHaveLength(1);
    }
  });

  test("a malformed conversation or attempt in a patch leaves the rest of it as it is", () => {
    const { model, store } = join({ _view: viewOf("c1") });
    const view = { ...viewOf({ id: 1 }, 2), attempt: "often" };
    const insert = [user("u1", "Hi")];
    model.custom({ type: "patch", base: 1, at: 0, remove: 0, insert, isStreaming: false, view });
    expect(store.history.value).toHaveLength(1);
    expect(store.attempt.value).toBeNull();
    expect(store.conversations.current.value).toBeNull();
  });
});

describe("asking", () => {
  test("a request carries a nonce of its own, and its reply reaches the one who asked", () => {
    const { model, link } = join();
    const done = vi.fn();
    link.ask({ type: "rename", conversation: "c1", title: "New" }, done);
    const { nonce, ...sent } = model.last("rename");
    expect(sent).toEqual({ type: "rename", client: link.client, conversation: "c1", title: "New" });
    model.reply("another");
    expect(done).not.toHaveBeenCalled();
    model.reply(nonce);
    expect(done).toHaveBeenCalledExactlyOnceWith(true);
  });

  test("a list is taken whether it was asked for or not", () => {
    const { model, kept } = join();
    model.custom(listing([entry]));
    expect(kept.list.value?.map(({ title }) => title)).toEqual(["Plots"]);
    model.custom(listing([5]));
    expect(kept.list.value).toHaveLength(1);
    model.custom(listing([]));
    expect(kept.list.value).toEqual([]);
  });

  test("a refusal is said, until something else is asked", () => {
    const { model, link, store, kept } = join();
    const done = vi.fn();
    link.ask({ type: "open", conversation: "c1" }, done);
    model.reply(model.last("open").nonce, "No such conversation.");
    expect(done).toHaveBeenCalledExactlyOnceWith(false);
    expect(kept.refusal.value).toBe("No such conversation.");
    expect(store.status.value).toBe("No such conversation.");
    link.ask({ type: "list" }, () => {});
    expect(kept.refusal.value).toBeNull();
    expect(store.status.value).toBe("");
  });

  test("a refusal without a sentence is one all the same", () => {
    const { model, link, kept } = join();
    link.ask({ type: "new" }, () => {});
    model.custom({ type: "reply", nonce: model.last("new").nonce, ok: false, error: null });
    expect(kept.refusal.value).toBe(STRINGS.requestRefused);
  });

  test("what is said of something else stays when the list is asked for", () => {
    const { link, store } = join();
    store.note.value = STRINGS.tooLong;
    link.ask({ type: "list" }, () => {});
    expect(store.status.value).toBe(STRINGS.tooLong);
  });

  test("changes are made one by one", () => {
    const { model, link, kept } = join();
    link.ask({ type: "new" }, () => {});
    link.ask({ type: "new" }, () => {});
    link.ask({ type: "remove", conversation: "c1" }, () => {});
    link.ask({ type: "list" }, () => {});
    expect([model.of("new"), model.of("remove"), model.of("list")].map((s) => s.length)).toEqual([
      1, 0, 1,
    ]);
    expect(kept.obstacle({ type: "new" })).toBe(STRINGS.changeFirst);
    model.reply(model.last("new").nonce);
    expect(kept.obstacle({ type: "new" })).toBeNull();
  });

  test("a kernel that does not answer is named, can be asked again, and may answer late", () => {
    const { model, link, kept } = join();
    const done = vi.fn();
    link.ask({ type: "open", conversation: "c1" }, done);
    vi.advanceTimersByTime(5000);
    expect(kept.refusal.value).toBe(STRINGS.requestUnanswered);
    expect(kept.obstacle({ type: "open", conversation: "c2" })).toBeNull();
    model.reply(model.last("open").nonce);
    expect(done).toHaveBeenCalledExactlyOnceWith(true);
    expect(kept.refusal.value).toBeNull();
  });

  test("a request that was answered in time is never called late", () => {
    const { model, link, kept } = join();
    link.ask({ type: "list" }, () => {});
    model.reply(model.last("list").nonce);
    vi.advanceTimersByTime(60_000);
    expect(kept.refusal.value).toBeNull();
  });

  test("while an answer comes, the open conversation cannot be left", () => {
    const { link, model, kept } = join(running);
    const leaving = [
      { type: "new" },
      { type: "open", conversation: "c2" },
      { type: "remove", conversation: "c1" },
    ] as const;
    for (const request of leaving) {
      expect(kept.obstacle(request)).toBe(STRINGS.answerFirst);
      link.ask(request, () => {});
      expect(model.of(request.type)).toEqual([]);
    }
    expect(kept.obstacle({ type: "rename", conversation: "c1", title: "x" })).toBeNull();
    expect(kept.obstacle({ type: "remove", conversation: "c2" })).toBeNull();
    expect(kept.obstacle({ type: "list" })).toBeNull();
    model.end("t1", assistant("a1", "Hello"));
    expect(kept.obstacle({ type: "new" })).toBeNull();
  });

  test("a question on its way keeps its conversation open, too", () => {
    const { link, kept } = join();
    link.send("Hi", {});
    expect(kept.obstacle({ type: "new" })).toBe(STRINGS.answerFirst);
  });

  test("a lost kernel is asked nothing", () => {
    const { link, model, store, kept } = join();
    store.lost.value = true;
    for (const type of ["list", "new"] as const) {
      expect(kept.obstacle({ type })).toBe(STRINGS.kernelGone);
      link.ask({ type }, () => {});
      expect(model.of(type)).toEqual([]);
    }
  });

  test("a comm that the host has thrown away is a lost kernel, and no exception", () => {
    const { link, model, store } = join();
    model.isDead = true;
    link.ask({ type: "list" }, () => {});
    expect(store.phase.value).toBe("lost");
  });
});

describe("opening another conversation", () => {
  const first = { messages: [user("u1", "Hi"), assistant("a1", "Hello")], _view: viewOf("c1") };

  test("its messages are its own, where they say the same, too", () => {
    const { model, store } = join(first);
    const keys = store.history.value.map(({ key }) => key);
    const before = store.replaced.value;
    const messages = [user("u7", "Hi"), assistant("a7", "Good day")];
    model.update({ messages, _view: viewOf("c2", 2) });
    expect(store.history.value.map(({ content }) => content)).toEqual(["Hi", "Good day"]);
    expect(store.history.value.filter(({ key }) => keys.includes(key))).toEqual([]);
    expect(store.replaced.value).toBe(before + 1);
  });

  test("by a patch it is the same", () => {
    const { model, store } = join(first);
    const before = store.replaced.value;
    const insert = [user("u7", "Hi")];
    const view = viewOf("c2", 2);
    model.custom({ type: "patch", base: 1, at: 0, remove: 2, insert, isStreaming: false, view });
    expect(store.history.value.map(({ key }) => key)).toEqual(["message u7"]);
    expect(store.replaced.value).toBe(before + 1);
  });

  test("messages that a server stored under other ids are not others", () => {
    const { model, store } = join(first);
    const before = store.replaced.value;
    model.update({ messages: [user("s1", "Hi"), assistant("s2", "Hello")] });
    expect(store.replaced.value).toBe(before);
  });

  test("a conversation that is named while it is answered is the same one", () => {
    const { model, store } = join({ ...running, _view: { ...viewOf(null), turn: "t1" } });
    const before = store.replaced.value;
    const messages = [user("s1", "Hi"), assistant("a1", "Hello")];
    const [asked] = store.history.value;
    model.update({ isStreaming: false, messages, _view: { ...viewOf("c9", 2), turn: "t1" } });
    expect(store.history.value[0]?.key).toBe(asked?.key);
    expect(store.replaced.value).toBe(before);
  });

  test("a question that nobody took is not mistaken for one that is said in it", () => {
    const { model, link, store } = join({ _view: viewOf("c1") });
    link.send("Hi", {});
    vi.advanceTimersByTime(5000);
    model.update({ messages: [user("u7", "Hi")], _view: viewOf("c2", 2) });
    expect(store.pending.value.map(({ content }) => content)).toEqual(["Hi"]);
    expect(store.history.value).toHaveLength(1);
  });
});

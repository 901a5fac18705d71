import { beforeEach, describe, expect, test, vi } from "vitest";
import { STRINGS } from "../src/strings.js";
import {
  _view,
  button,
  edit,
  isDisabled,
  kept,
  list,
  names,
  panel,
  running,
  show,
  THREE,
} from "./conversation-page.js";
import { assistant, user } from "./fake-model.js";
import { all, contents, draw, ending, find, frame, input, open, press } from "./page.js";

describe("the header", () => {
  test("has its buttons where conversations are kept", () => {
    const { root } = draw(kept);
    expect(find(root, "conversations").textContent).toBe(STRINGS.conversations);
    expect(find(root, "new").textContent).toBe(STRINGS.newChat);
    expect(root.querySelector<HTMLElement>(".header")?.hidden).toBe(false);
  });

  test("takes no room where they are not and nothing else is in it", () => {
    const { root } = draw();
    expect(root.querySelector<HTMLElement>(".header")?.hidden).toBe(true);
    expect(all(root, "conversations")).toEqual([]);
  });

  test("goes with its list when they are no longer kept", () => {
    const { model, root } = show();
    model.update({ _view: { ..._view, revision: 2, labels: { title: "Demo" } } });
    expect(panel(root).hidden).toBe(true);
    expect(find(root, "conversations").parentElement?.hidden).toBe(true);
    expect(root.querySelector<HTMLElement>(".header")?.hidden).toBe(false);
  });
});

describe("the list", () => {
  test("is asked for each time it opens, and says so until it is there", () => {
    const { model, root } = show(null);
    expect(model.of("list")).toHaveLength(1);
    expect(find(root, "conversations").getAttribute("aria-expanded")).toBe("true");
    expect(find(root, "conversation-empty").textContent).toBe(STRINGS.loading);
    expect(root.activeElement).toBe(panel(root));
    list(model, THREE);
    expect(find(root, "conversation-empty").hidden).toBe(true);
    expect(names(root)).toEqual(["Plots", "Tables", STRINGS.untitled]);
    press(panel(root), "Escape");
    find(root, "conversations").click();
    expect(model.of("list")).toHaveLength(2);
    expect(names(root)).toHaveLength(3);
  });

  test("says that there is nothing in it", () => {
    const { root } = show([]);
    expect(find(root, "conversation-empty").textContent).toBe(STRINGS.noConversations);
    expect(find(root, "conversation-empty").hidden).toBe(false);
  });

  test("says why it did not come, in place of waiting on", () => {
    const { model, root } = show(null);
    model.reply(model.last("list").nonce, "The server is gone.");
    expect(find(root, "conversation-notice").textContent).toBe("The server is gone.");
    expect(find(root, "conversation-empty").hidden).toBe(true);
    expect(find(root, "status").textContent).toBe("The server is gone.");
    press(panel(root), "Escape");
    expect(find(root, "status").textContent).toBe(STRINGS.complete);
  });

  test("marks the open conversation, and begins at it", () => {
    const { model, root } = show(null);
    list(model, [...THREE].reverse());
    const marked = all(root, "conversation-open").map((row) => row.getAttribute("aria-current"));
    expect(marked).toEqual([null, null, "true"]);
    expect(root.activeElement).toBe(button(root, "conversation-open", 2));
  });

  test("says when each was last used", () => {
    vi.setSystemTime(new Date("2026-11-22T12:00:00Z"));
    const { root } = show([{ id: "c1", title: "Plots", updated_at: "2026-11-22T11:30:00Z" }]);
    const time = root.querySelector("time");
    expect(time?.dateTime).toBe("2026-11-22T11:30:00Z");
    expect(time?.textContent).toContain("30");
  });

  test("draws HTML in a title as text", () => {
    const html = "<img src=x onerror=alert(1)><b>bold</b>";
    const { root } = show([{ id: "c2", title: html, updated_at: html }]);
    expect(names(root)).toEqual([html]);
    button(root, "conversation-remove").click();
    expect(panel(root).querySelector("img, b")).toBeNull();
  });

  test("keeps rows, what is typed in one, and the focus when it comes again", () => {
    const { model, root, field } = edit();
    field.value = "Better";
    const [row] = all(root, "conversation");
    list(model, [THREE[1], { ...THREE[0], title: "Charts" }, { ...THREE[0], id: "c4" }]);
    expect(names(root)).toEqual(["Charts", "Plots"]);
    expect(all(root, "conversation")[1]).toBe(row);
    expect(root.activeElement).toBe(field);
    expect(field.value).toBe("Better");
  });

  test("hands the focus of a row that went to the one that took its place", () => {
    const { model, root } = show();
    button(root, "conversation-open", 2).focus();
    list(model, THREE.slice(0, 2));
    expect(root.activeElement).toBe(button(root, "conversation-open", 1));
    list(model, []);
    expect(root.activeElement).toBe(panel(root));
  });
});

describe("closing the list", () => {
  test("by Escape gives the focus back, and stops no turn", () => {
    const { model, root } = show(THREE, running);
    const event = press(button(root, "conversation-open"), "Escape");
    expect(event.defaultPrevented).toBe(true);
    expect(panel(root).hidden).toBe(true);
    expect(root.activeElement).toBe(find(root, "conversations"));
    expect(find(root, "conversations").getAttribute("aria-expanded")).toBe("false");
    expect(model.of("stop")).toEqual([]);
    press(find(root, "conversations"), "Escape");
    expect(model.of("stop")).toHaveLength(1);
  });

  test("by its button", () => {
    const { root } = show();
    find(root, "conversations").click();
    expect(panel(root).hidden).toBe(true);
    expect(root.activeElement).toBe(find(root, "conversations"));
  });

  test("by a press anywhere else, but not in it", () => {
    const { root } = show();
    const point = (target: EventTarget) =>
      target.dispatchEvent(new Event("pointerdown", { bubbles: true, composed: true }));
    point(find(root, "conversation-list"));
    point(button(root, "conversation-rename"));
    expect(panel(root).hidden).toBe(false);
    point(find(root, "log"));
    expect(panel(root).hidden).toBe(true);
    find(root, "conversations").click();
    point(document.body);
    expect(panel(root).hidden).toBe(true);
  });

  test("by leaving it with Tab", () => {
    const { root } = show();
    find(root, "conversations").focus();
    expect(panel(root).hidden).toBe(false);
    button(root, "conversation-open").focus();
    find(root, "new").focus();
    expect(panel(root).hidden).toBe(true);
  });

  test("with the view leaves nothing on the page", () => {
    const { model } = draw(kept);
    const closing = new AbortController();
    const remove = vi.spyOn(AbortController.prototype, "abort");
    const second = open(model, closing.signal);
    find(second.root, "conversations").click();
    closing.abort();
    expect(remove).toHaveBeenCalled();
    list(model, THREE);
    expect(second.root.childNodes).toHaveLength(0);
    expect(ending.signal.aborted).toBe(false);
  });
});

describe("opening", () => {
  let drawn: ReturnType<typeof show>;
  beforeEach(() => {
    drawn = show();
    input(drawn.root).value = "a draft";
    button(drawn.root, "conversation-open", 1).click();
  });

  test("asks for it, and goes to the composer when it is there; a draft survives", () => {
    const { model, root } = drawn;
    expect(model.last("open")).toMatchObject({ conversation: "c2" });
    const row = all(root, "conversation")[1];
    expect(row?.querySelector("time")?.textContent).toBe(STRINGS.opening);
    const view = { ..._view, conversation: "c2", revision: 2 };
    model.update({ messages: [user("u7", "Other")], _view: view });
    model.reply(model.last("open").nonce);
    frame();
    expect(panel(root).hidden).toBe(true);
    expect(root.activeElement).toBe(input(root));
    expect(input(root).value).toBe("a draft");
    expect(contents(root)).toEqual(["Other"]);
    find(root, "conversations").click();
    expect(button(root, "conversation-open", 1).getAttribute("aria-current")).toBe("true");
  });

  test("stays in the list with the reason when it is refused", () => {
    const { model, root } = drawn;
    model.reply(model.last("open").nonce, "No such conversation.");
    expect(panel(root).hidden).toBe(false);
    expect(find(root, "conversation-notice").textContent).toBe("No such conversation.");
    expect(contents(root)).toEqual(["Hi", "Hello"]);
    expect(isDisabled(button(root, "conversation-open", 1))).toBe(false);
  });

  test("takes no focus from a reader who went on", () => {
    const { model, root } = drawn;
    press(panel(root), "Escape");
    find(root, "log").focus();
    model.reply(model.last("open").nonce);
    expect(root.activeElement).toBe(find(root, "log"));
  });
});

test("choosing the open conversation goes back to it, whatever runs there", () => {
  const { model, root } = show(THREE, running);
  button(root, "conversation-open").click();
  expect(model.of("open")).toEqual([]);
  expect(panel(root).hidden).toBe(true);
  expect(root.activeElement).toBe(input(root));
});

test("another conversation is shown from its end, however far up the reader was", () => {
  const { model, root } = draw(kept);
  const log = find(root, "log");
  Object.defineProperty(log, "clientHeight", { value: 100 });
  Object.defineProperty(log, "scrollHeight", { value: 1000 });
  log.scrollTop = 900;
  log.dispatchEvent(new Event("scroll"));
  log.scrollTop = 200;
  log.dispatchEvent(new Event("scroll"));
  expect(find(root, "jump").hidden).toBe(false);
  const view = { ..._view, conversation: "c2", revision: 2 };
  model.update({ messages: [user("u7", "Hi"), assistant("a7", "Other")], _view: view });
  frame();
  expect(log.scrollTop).toBe(1000);
  expect(find(root, "jump").hidden).toBe(true);
  expect(contents(root)).toEqual(["Hi", "Other"]);
});

describe("New chat", () => {
  test("asks for one, and goes to the composer", () => {
    const { model, root } = draw(kept);
    find(root, "new").click();
    expect(model.of("new")).toHaveLength(1);
    expect(root.activeElement).toBe(find(root, "new"));
    model.update({ messages: [], _view: { ..._view, conversation: null, revision: 2 } });
    model.reply(model.last("new").nonce);
    frame();
    expect(root.activeElement).toBe(input(root));
    expect(contents(root)).toEqual([]);
  });

  test("says in the status line why there is none", () => {
    const { model, root } = draw(kept);
    find(root, "new").click();
    model.reply(model.last("new").nonce, "The server is gone.");
    expect(find(root, "status").textContent).toBe("The server is gone.");
  });

  test("takes no focus from a reader who left the view", () => {
    const { model, root } = draw(kept);
    const elsewhere = document.createElement("input");
    document.body.append(elsewhere);
    find(root, "new").click();
    elsewhere.focus();
    model.reply(model.last("new").nonce);
    expect(document.activeElement).toBe(elsewhere);
  });
});

describe("while an answer comes", () => {
  test("leaving the conversation is disabled with the reason, and the rest is not", () => {
    const { model, root } = show(THREE, running);
    const rows = all(root, "conversation-open");
    expect(rows.map(isDisabled)).toEqual([false, true, true]);
    expect(rows[1]?.title).toBe(STRINGS.answerFirst);
    expect(all(root, "conversation-remove").map(isDisabled)).toEqual([true, false, false]);
    expect(all(root, "conversation-rename").map(isDisabled)).toEqual([false, false, false]);
    expect(find(root, "conversation-notice").textContent).toBe(STRINGS.answerFirst);
    expect(isDisabled(find(root, "new"))).toBe(true);
    expect(find(root, "new").title).toBe(STRINGS.answerFirst);
    rows[1]?.click();
    button(root, "conversation-remove").click();
    expect(panel(root).querySelector('[role="group"]')).toBeNull();
    find(root, "new").click();
    expect([model.of("open"), model.of("remove"), model.of("new")]).toEqual([[], [], []]);
  });

  test("it is enabled again when that has ended", () => {
    const { model, root } = show(THREE, running);
    model.update({ isStreaming: false, _view: { ..._view, revision: 2 } });
    expect(all(root, "conversation-open").some(isDisabled)).toBe(false);
    expect(find(root, "conversation-notice").hidden).toBe(true);
    expect(isDisabled(find(root, "new"))).toBe(false);
  });

  test("a question about the open one that was asked before cannot be answered", () => {
    const { model, root } = show();
    button(root, "conversation-remove").click();
    model.update({ isStreaming: true, _view: { ..._view, turn: "t1", revision: 2 } });
    expect(isDisabled(find(root, "conversation-confirm"))).toBe(true);
    find(root, "conversation-confirm").click();
    expect(model.of("remove")).toEqual([]);
  });
});

test("a lost kernel disables everything that asks it", () => {
  const { model, root } = draw(kept);
  model.fire("comm_live_update");
  vi.advanceTimersByTime(2100);
  expect([find(root, "conversations"), find(root, "new")].map(isDisabled)).toEqual([true, true]);
  expect(find(root, "new").title).toBe(STRINGS.kernelGone);
  find(root, "conversations").click();
  find(root, "new").click();
  expect(panel(root).hidden).toBe(true);
  expect([model.of("list"), model.of("new")]).toEqual([[], []]);
});

test("two views of a chat open their lists apart", () => {
  const { model, root } = draw(kept);
  const other = open(model).root;
  find(root, "conversations").click();
  list(model, THREE);
  expect(panel(other).hidden).toBe(true);
  find(other, "conversations").click();
  expect(names(other)).toHaveLength(3);
});

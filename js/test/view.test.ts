import { describe, expect, test, vi } from "vitest";
import { STRINGS } from "../src/strings.js";
import widget from "../src/widget.js";
import { assistant, FakeModel, user } from "./fake-model.js";
import {
  all,
  contents,
  draw,
  ended,
  ending,
  find,
  frame,
  input,
  open,
  press,
  question,
  running,
  sources,
  streaming,
  view,
} from "./page.js";

describe("streaming", () => {
  test("before the first token dots say that the model thinks", () => {
    const { el, root } = draw(running);
    expect(el.dataset.phase).toBe("waiting");
    expect(find(root, "thinking").hidden).toBe(true);
    const answer = all(root, "message")[1];
    expect(answer?.querySelector<HTMLElement>('[part="thinking"]')?.hidden).toBe(false);
    expect(answer?.querySelector('[part="cursor"]')).toBeNull();
  });

  test("the content is the text and nothing else", () => {
    const { model, root } = draw(running);
    model.append("t1", 0, "He\n😀");
    frame();
    expect(contents(root)).toEqual(["Hi", "He\n😀"]);
    expect(sources(root)).toEqual(["Hi", "He\n😀"]);
  });

  test("the cursor is right behind the last letter, and goes with the end", () => {
    const { model, root } = draw(running);
    model.append("t1", 0, "- one\n- **two");
    frame();
    const cursor = find(root, "cursor");
    expect(cursor.parentElement?.localName).toBe("p");
    expect(cursor.previousSibling?.textContent).toBe("two");
    expect(cursor.getAttribute("aria-hidden")).toBe("true");
    model.end("t1", assistant("a1", "- one\n- **two**"));
    frame();
    expect(all(root, "cursor")).toEqual([]);
  });

  test("deltas are drawn once per frame", () => {
    const { model, root } = draw(running);
    frame();
    const request = vi.spyOn(globalThis, "requestAnimationFrame");
    for (let i = 0; i < 50; i += 1) model.append("t1", i, "x");
    expect(contents(root)[1]).toBe("");
    frame();
    expect(contents(root)[1]).toBe("x".repeat(50));
    expect(request).toHaveBeenCalledTimes(1);
  });

  test("the ended answer keeps its element", () => {
    const { model, root } = draw(streaming);
    const answer = all(root, "message")[1];
    model.end("t1", assistant("a1", "Hello"));
    frame();
    expect(all(root, "message")).toHaveLength(2);
    expect(all(root, "message")[1]).toBe(answer);
    expect(answer?.dataset.status).toBe("complete");
    expect(contents(root)).toEqual(["Hi", "Hello"]);
  });

  test("an answer is drawn as Markdown, a question as it was written", () => {
    const text = "**bold** <img src=x onerror=alert(1)>";
    const { root } = draw({ ...running, streamedText: text, messages: [user("u1", text)] });
    expect(contents(root)).toEqual([text, "bold <img src=x onerror=alert(1)>"]);
    expect(sources(root)).toEqual([text, text]);
    expect(root.querySelectorAll("strong")).toHaveLength(1);
    expect(root.querySelector("img")).toBeNull();
  });

  test("a block keeps its element when the answer ends", () => {
    const { model, root } = draw({ ...running, streamedText: "One\n\nTwo" });
    const blocks = [...find(root, "log").querySelectorAll("[part=content] p")];
    expect(blocks).toHaveLength(2);
    model.end("t1", assistant("a1", "One\n\nTwo"));
    frame();
    expect([...find(root, "log").querySelectorAll("[part=content] p")]).toEqual(blocks);
  });

  test("the text area stays editable, and Enter sends nothing", () => {
    const { model, root } = draw(streaming);
    expect(input(root).disabled || input(root).readOnly).toBe(false);
    input(root).value = "next";
    press(input(root), "Enter");
    expect(model.of("send")).toEqual([]);
    expect(input(root).value).toBe("next");
  });
});

describe("endings", () => {
  test.each([
    ["stopped", "He", undefined, "Stopped"],
    ["interrupted", "He", "The line broke.", "Interrupted: The line broke."],
    ["error", "", "No such model.", "Error: No such model."],
  ])("%s is labelled in words", (status, content, error, label) => {
    const { root } = draw(ended(status, content, error));
    const message = all(root, "message")[1];
    const ending = message?.querySelector('[part="ending"]');
    expect(ending?.querySelector("span")?.textContent).toBe(label);
    expect(message?.querySelector<HTMLElement>('[part="body"]')?.hidden).toBe(content === "");
  });

  test("a complete answer has no label", () => {
    const { root } = draw(ended("complete"));
    expect(all(root, "ending").every((ending) => ending.hidden)).toBe(true);
  });

  test("the last answer can be retried", () => {
    const { model, root } = draw(ended("error", "", "No."));
    find(root, "retry").click();
    expect(model.of("retry")).toHaveLength(1);
    expect(root.activeElement).toBe(input(root));
    frame();
    expect(all(root, "retry")).toEqual([]);
  });

  test("only the last answer, and only when it did not complete", () => {
    const messages = [question, assistant("a1", "", "error"), user("u2", "Again?")];
    expect(all(draw({ messages }).root, "retry")).toEqual([]);
    expect(all(draw(ended("complete")).root, "retry")).toEqual([]);
  });
});

describe("an answer that a busy kernel went on with after Stop", () => {
  function stopLate() {
    const drawn = draw(streaming);
    find(drawn.root, "stop").click();
    vi.advanceTimersByTime(300);
    return drawn;
  }

  test("is labelled at once, and draws nothing more", () => {
    const { model, root } = stopLate();
    model.append("t1", 2, "llo");
    frame();
    expect(sources(root)).toEqual(["Hi", "He"]);
    expect(all(root, "ending").at(-1)?.textContent).toBe("Stopped");
    expect(all(root, "cursor")).toEqual([]);
    expect(find(root, "status").textContent).toBe(STRINGS.stillStopping);
  });

  test("shows the rest when it is asked to, in the same place", () => {
    const { model, root } = stopLate();
    const message = all(root, "message")[1];
    model.end("t1", assistant("a1", "Hello", "complete"));
    frame();
    expect(sources(root)).toEqual(["Hi", "He"]);
    expect(all(root, "ending").at(-1)?.textContent).toContain("3 more characters");
    find(root, "rest").click();
    frame();
    expect(sources(root)).toEqual(["Hi", "Hello"]);
    expect(all(root, "message")[1]).toBe(message);
    expect(all(root, "rest")).toEqual([]);
    expect(root.activeElement).toBe(input(root));
  });
});

describe("the log", () => {
  test("draws messages in the conversation's order, wherever they come and go", () => {
    const { model, root } = draw(ended("complete"));
    const [first] = all(root, "message");
    model.update({ messages: [question, user("u0", "Before"), assistant("a1", "He")] });
    frame();
    expect(contents(root)).toEqual(["Hi", "Before", "He"]);
    model.update({ messages: [user("u0", "Before"), question] });
    frame();
    expect(contents(root)).toEqual(["Before", "Hi"]);
    expect(all(root, "message")[1]).toBe(first);
  });

  test("invites to a question where there is none yet", () => {
    const { model, root } = draw();
    const empty = root.querySelector<HTMLElement>(".empty");
    expect(empty?.hidden).toBe(false);
    model.patch("t1", [question]);
    frame();
    expect(empty?.hidden).toBe(true);
  });
});

describe("a lost kernel", () => {
  test("leaves the partial text, labelled, and disables Send but not the typing", () => {
    const { model, el, root } = draw(streaming);
    input(root).value = "kept";
    model.fire("comm_live_update");
    vi.advanceTimersByTime(2100);
    expect(el.dataset.phase).toBe("lost");
    expect(contents(root)[1]).toBe("He");
    const ending = all(root, "message")[1]?.querySelector('[part="ending"]');
    expect(ending?.textContent).toBe("Interrupted: the kernel is gone");
    expect(find<HTMLButtonElement>(root, "send").disabled).toBe(true);
    press(input(root), "Enter");
    expect(input(root).value).toBe("kept");
    expect(find(root, "status").textContent).toBe(STRINGS.kernelGone);
  });
});

describe("labels", () => {
  test("are shown where they are given", () => {
    const labels = { title: "Demo", notice: "<b>Built in</b>", placeholder: "Ask the demo" };
    const { root } = draw({ _view: { ...view, labels } });
    expect(find(root, "title").textContent).toBe("Demo");
    expect(find(root, "notice").textContent).toBe("<b>Built in</b>");
    expect(input(root).placeholder).toBe("Ask the demo");
  });

  test("leave no room where they are not", () => {
    const { root } = draw();
    expect([find(root, "title").hidden, find(root, "notice").hidden]).toEqual([true, true]);
    expect(input(root).placeholder).toBe(STRINGS.placeholder);
  });
});

describe("hostile state", () => {
  test("draws what can be drawn and nothing else", () => {
    const messages = [null, 5, { id: 1 }, { ...question, content: {} }, question, question];
    const { el, root } = draw({ messages, streamedText: [], isStreaming: "true", _view: "x" });
    expect(contents(root)).toEqual(["Hi"]);
    expect(el.dataset.phase).toBe("idle");
  });

  test("a client's name from a saved notebook is not taken for a live one", () => {
    const { model, root } = draw({ _client: "0".repeat(32), messages: [question] });
    model.patch("t1", [user("u2", "More")]);
    frame();
    expect(contents(root)).toEqual(["Hi", "More", ""]);
  });
});

describe("names", () => {
  test("everything that can be reached has one", () => {
    const { root } = draw(ended("error", "", "No."));
    for (const button of root.querySelectorAll("button")) {
      expect(button.getAttribute("aria-label") ?? button.textContent).not.toBe("");
    }
    expect(input(root).getAttribute("aria-label")).toBe(STRINGS.input);
    expect(all(root, "message").map((m) => m.getAttribute("aria-label"))).toEqual([
      STRINGS.user,
      STRINGS.assistant,
    ]);
  });

  test("the log keeps quiet and the status speaks", () => {
    const { root } = draw(streaming);
    expect(find(root, "log").getAttribute("aria-live")).toBe("off");
    expect(find(root, "status").getAttribute("role")).toBe("status");
    expect(find(root, "status").textContent).toBe(STRINGS.generating);
  });
});

describe("views", () => {
  test("share one link, which says it is ready once", () => {
    const { model, root } = draw(streaming);
    const other = open(model).root;
    expect(model.of("ready")).toHaveLength(1);
    find(root, "stop").click();
    frame();
    expect(find(other, "status").textContent).toBe(STRINGS.stopping);
  });

  test("leave nothing behind when they close", () => {
    const { model, el, root } = draw(streaming);
    const remove = vi.spyOn(globalThis, "cancelAnimationFrame");
    const closing = new AbortController();
    const second = open(model, closing.signal);
    const listeners = model.listeners.length;
    closing.abort();
    expect(second.root.childNodes).toHaveLength(0);
    expect(second.el.hasAttribute("data-lm-suppress-shortcuts")).toBe(false);
    expect(model.listeners).toHaveLength(listeners);
    expect(remove).toHaveBeenCalled();
    model.append("t1", 2, "llo");
    frame();
    expect(second.root.childNodes).toHaveLength(0);
    expect(contents(root)[1]).toBe("Hello");
    model.end("t1", assistant("a1", "Hello"));
    expect([el.dataset.phase, second.el.dataset.phase]).toEqual(["ended", "streaming"]);
  });

  test("leave nothing behind when 200 of them open and close", () => {
    const { model } = draw({
      ...streaming,
      messages: [question, assistant("a0", "```js\n1\n```")],
    });
    frame();
    const spies = [window, document, ending.signal].map((one) => vi.spyOn(one, "addEventListener"));
    const counts = () => [model.listeners.length, vi.getTimerCount()];
    const before = counts();
    for (let i = 0; i < 200; i += 1) {
      const { close, root } = open(model);
      model.append("t1", 2 + i, "x");
      press(input(root), "ArrowUp");
      close();
    }
    expect(counts()).toEqual(before);
    const calls = spies.flatMap((spy) => spy.mock.calls as unknown[][]);
    expect(calls.length).toBeGreaterThanOrEqual(400);
    const left = calls.filter(
      ([, , options]) => !(options as AddEventListenerOptions).signal?.aborted,
    );
    expect(left).toEqual([]);
  });

  test("can be drawn again into the same element", () => {
    const { model, el, close } = draw(ended("complete"));
    close();
    widget.render({ model: model.proxy(), el, signal: ending.signal });
    expect(el.shadowRoot?.querySelectorAll('[part="log"]')).toHaveLength(1);
  });

  test("work where the host never initialised the model", () => {
    const model = new FakeModel(ended("complete"));
    const { root } = open(model);
    expect(contents(root)).toEqual(["Hi", "He"]);
    ending.abort();
    expect(model.listeners).toEqual([]);
  });
});

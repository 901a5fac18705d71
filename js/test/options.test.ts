import { describe, expect, test, vi } from "vitest";
import { readOptions } from "../src/options.js";
import { STRINGS } from "../src/strings.js";
import { user } from "./fake-model.js";
import { all, draw, ended, find, frame, input } from "./page.js";

const NO_LIMITS = { maxTurns: null, maxCharacters: null, log: null };
const suggestions = ["What is a mean?", "Show me a table"];

describe("suggestions", () => {
  test("are buttons where nothing was said yet", () => {
    const { root } = draw({ _options: { suggestions } });
    expect(all(root, "suggestion").map((button) => button.textContent)).toEqual(suggestions);
    expect(find(root, "suggestions").getAttribute("aria-label")).toBe(STRINGS.suggestions);
  });

  test("are asked by a click, which leaves the draft and takes the focus to it", () => {
    const { model, root } = draw({ _options: { suggestions } });
    input(root).value = "a draft";
    all(root, "suggestion")[1]?.click();
    expect(model.last("send")).toMatchObject({ text: "Show me a table" });
    expect(input(root).value).toBe("a draft");
    expect(root.activeElement).toBe(input(root));
  });

  test("go with the first question, and come back with a new conversation", () => {
    const { model, root } = draw({ _options: { suggestions } });
    const empty = root.querySelector<HTMLElement>(".empty");
    all(root, "suggestion")[0]?.click();
    frame();
    expect(empty?.hidden).toBe(true);
    model.patch("t1", [user("u1", "What is a mean?")]);
    model.update({
      isStreaming: false,
      messages: [],
      _view: { ...(model.values._view as object) },
    });
    frame();
    expect(empty?.hidden).toBe(false);
  });

  test("go back to the composer where the kernel refuses them", () => {
    const { model, root } = draw({ _options: { suggestions } });
    all(root, "suggestion")[0]?.click();
    model.reply(model.last("send").nonce, "Not now.");
    expect(input(root).value).toBe("What is a mean?");
  });

  test("cannot be pressed while the kernel takes no question", () => {
    const { model, root } = draw({ _options: { suggestions }, isStreaming: true });
    model.isDead = true;
    model.fire("comm_live_update");
    frame();
    all(root, "suggestion")[0]?.click();
    expect((all(root, "suggestion")[0] as HTMLButtonElement).disabled).toBe(true);
    expect(model.of("send")).toEqual([]);
  });

  test("are no group where there are none", () => {
    const { root } = draw();
    expect(all(root, "suggestions")).toEqual([]);
    expect(root.querySelector(".empty")?.textContent).toBe(STRINGS.empty);
  });
});

describe("hostile options", () => {
  test.each([null, 5, "x", [], { suggestions: "abc", strings: 5, locale: {} }])("%j", (raw) => {
    expect(readOptions(raw)).toEqual({
      locale: null,
      strings: STRINGS,
      suggestions: [],
      lesson: NO_LIMITS,
    });
  });

  test("keep what is well-formed", () => {
    const options = readOptions({
      locale: "not a locale!",
      strings: { send: "Senden", stop: 5, copy: "x".repeat(1000), __proto__: { edit: "no" } },
      suggestions: ["One", "One", " ", 5, "x".repeat(1000), ...Array(50).fill("Two")],
    });
    expect(options.locale).toBeNull();
    expect(options.strings).toEqual({ ...STRINGS, send: "Senden", edit: "no" });
    expect(options.suggestions).toEqual(["One", "Two"]);
  });

  test("no suggestion is HTML", () => {
    const { root } = draw({ _options: { suggestions: ["<img src=x onerror=alert(1)>"] } });
    expect(root.querySelector("img")).toBeNull();
  });
});

test("a view that hears from no kernel says so, until one answers", () => {
  const { el, model, root } = draw(ended("complete"));
  expect(find(root, "status").textContent).toBe(STRINGS.complete);
  expect(el.hasAttribute("data-unheard")).toBe(false);
  vi.advanceTimersByTime(10_100);
  expect(find(root, "status").textContent).toBe(STRINGS.noKernel);
  expect(el.hasAttribute("data-unheard")).toBe(true);
  model.custom({ type: "anything" });
  expect(find(root, "status").textContent).toBe(STRINGS.complete);
});

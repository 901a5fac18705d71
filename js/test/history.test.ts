import { describe, expect, test, vi } from "vitest";
import { assistant, user } from "./fake-model.js";
import { contents, draw, find, frame } from "./page.js";

const texts = Array.from({ length: 95 }, (_, i) => `Text ${i}`);
const messages = texts.map((text, i) =>
  i % 2 === 0 ? user(`u${i}`, text) : assistant(`a${i}`, text),
);

describe("a long conversation", () => {
  test("shows its end at once, and the rest in the pauses after that", () => {
    const { root } = draw({ messages });
    const first = contents(root);
    expect(first.length).toBeLessThan(40);
    expect(first).toEqual(texts.slice(-first.length));
    vi.advanceTimersByTime(2000);
    expect(contents(root)).toEqual(texts);
  });

  test("keeps its order while messages come and go", () => {
    const { model, root } = draw({ messages });
    model.patch("t1", [user("u95", "Text 95")]);
    frame();
    const without = [...messages.slice(0, 40), ...messages.slice(43), user("u95", "Text 95")];
    model.update({ messages: without, _view: { turn: "t1", revision: 2, labels: {} } });
    frame();
    vi.advanceTimersByTime(2000);
    expect(contents(root).slice(0, -1)).toEqual(without.map(({ content }) => content));
  });

  test("that takes the place of another one shows its own end first", () => {
    const { model, root } = draw({ messages });
    vi.advanceTimersByTime(2000);
    const others = messages.map(({ id, content, ...rest }) => ({
      ...rest,
      id: `x${id}`,
      content: `Other ${content}`,
    }));
    model.update({ messages: others, _view: { turn: null, revision: 9, labels: {} } });
    frame();
    expect(contents(root).length).toBeLessThan(40);
    expect(contents(root).at(-1)).toBe("Other Text 94");
    vi.advanceTimersByTime(2000);
    expect(contents(root)).toEqual(texts.map((text) => `Other ${text}`));
    expect(find(root, "log").querySelectorAll(".batch:empty")).toHaveLength(0);
  });

  test("is drawn no further once its view is closed", () => {
    const { root, close } = draw({ messages });
    const log = find(root, "log");
    const drawn = log.querySelectorAll("article").length;
    close();
    vi.advanceTimersByTime(2000);
    expect(log.querySelectorAll("article")).toHaveLength(drawn);
  });
});

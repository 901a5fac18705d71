// @vitest-environment node
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { MAX_ASKED, PATIENCE, Shelf, type Source } from "../src/shelf.js";

class Widget implements Source {
  readonly asked: string[] = [];
  isGone = false;

  isLive(): boolean {
    return !this.isGone;
  }

  ask(name: string): void {
    this.asked.push(name);
  }
}

const module = { answer: 42 };

/** A shelf that imports a text by looking it up. */
const makeShelf = () =>
  new Shelf((text) =>
    text === "code" ? Promise.resolve(module) : Promise.reject(new SyntaxError(text)),
  );

const outcome = (loading: Promise<unknown>) =>
  loading.then(
    (found) => ({ found }),
    (failure: Error) => ({ failure: failure.message }),
  );

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

describe("an asset", () => {
  test("is asked for once by all that want it, and imported once", async () => {
    const importText = vi.fn(() => Promise.resolve<unknown>(module));
    const shelf = new Shelf(importText);
    const widgets = Array.from({ length: 20 }, () => new Widget());
    for (const widget of widgets) shelf.hear(widget);
    const loading = widgets.map(() => shelf.load("math"));
    expect(widgets.flatMap(({ asked }) => asked)).toEqual(["math"]);
    await Promise.all([shelf.take("math", "code"), shelf.take("math", "code")]);
    expect(await Promise.all(loading)).toEqual(widgets.map(() => module));
    expect(await shelf.load("math")).toBe(module);
    expect(shelf.modules.get("math")).toBe(module);
    expect(widgets.flatMap(({ asked }) => asked)).toEqual(["math"]);
    expect(importText).toHaveBeenCalledTimes(1);
  });

  test("waits for the first kernel that is heard", async () => {
    const shelf = makeShelf();
    const loading = shelf.load("math");
    const widget = new Widget();
    shelf.hear(widget);
    shelf.hear(widget);
    expect(widget.asked).toEqual(["math"]);
    await shelf.take("math", "code");
    expect(await loading).toBe(module);
  });

  test("is given up where there is no kernel, and asked for again by a later call", async () => {
    const shelf = makeShelf();
    const given = outcome(shelf.load("math"));
    vi.advanceTimersByTime(PATIENCE);
    expect(await given).toEqual({ failure: "There is no kernel to send math." });
    const later = shelf.load("math");
    const widget = new Widget();
    shelf.hear(widget);
    await shelf.take("math", "code");
    expect(await later).toBe(module);
  });

  test("is not asked of a kernel that is gone", async () => {
    const shelf = makeShelf();
    const [gone, live] = [new Widget(), new Widget()];
    shelf.hear(gone);
    gone.isGone = true;
    shelf.hear(live);
    void shelf.load("math");
    expect([gone.asked, live.asked]).toEqual([[], ["math"]]);
    await shelf.take("math", "code");
  });

  test("is given up where the kernel that was asked has gone", async () => {
    const shelf = makeShelf();
    const widget = new Widget();
    shelf.hear(widget);
    const given = outcome(shelf.load("math"));
    widget.isGone = true;
    vi.advanceTimersByTime(PATIENCE);
    expect(await given).toEqual({ failure: "There is no kernel to send math." });
    expect(widget.asked).toHaveLength(1);
  });

  test("is asked of another widget where the one that asked is closed", async () => {
    const shelf = makeShelf();
    const [first, second] = [new Widget(), new Widget()];
    shelf.hear(first);
    shelf.hear(second);
    void shelf.load("math");
    expect([first.asked, second.asked]).toEqual([["math"], []]);
    shelf.leave(first);
    expect(second.asked).toEqual(["math"]);
    await shelf.take("math", "code");
  });

  test("is asked for a few times of a kernel that is there and silent, and never again", async () => {
    const shelf = makeShelf();
    const widget = new Widget();
    shelf.hear(widget);
    const loading = shelf.load("math");
    for (let i = 0; i < 20; i += 1) {
      vi.advanceTimersByTime(PATIENCE);
      shelf.hear(widget);
    }
    expect(widget.asked).toHaveLength(MAX_ASKED);
    // It was in a long cell, and has read the first of them.
    await shelf.take("math", "code");
    expect(await loading).toBe(module);
  });

  test("that is refused is given up with the kernel's sentence", async () => {
    const shelf = makeShelf();
    const widget = new Widget();
    shelf.hear(widget);
    for (let i = 0; i < 20; i += 1) {
      const given = outcome(shelf.load("math"));
      if (widget.asked.length > i) shelf.refuse("math", "It is missing.");
      else vi.advanceTimersByTime(PATIENCE);
      if (i < MAX_ASKED) expect(await given).toEqual({ failure: "It is missing." });
      else break;
    }
    expect(widget.asked).toHaveLength(MAX_ASKED);
    await shelf.take("math", "code");
  });

  test("that cannot be run is given up, and the next one is taken", async () => {
    const shelf = makeShelf();
    shelf.hear(new Widget());
    const given = outcome(shelf.load("math"));
    await shelf.take("math", "half of the co");
    expect(await given).toEqual({ failure: "half of the co" });
    expect(shelf.modules.size).toBe(0);
    const next = shelf.load("math");
    await shelf.take("math", "code");
    expect(await next).toBe(module);
  });

  test("that nobody wants is not run", async () => {
    const shelf = makeShelf();
    await shelf.take("math", "code");
    expect(shelf.modules.size).toBe(0);
  });
});

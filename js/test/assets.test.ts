import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import * as menu from "../src/assets/conversations.js";
import { PATIENCE } from "../src/shelf.js";
import { STRINGS } from "../src/strings.js";
import { judgeCommand } from "../src/wire.js";
import { FakeModel } from "./fake-model.js";

const KEY = Symbol.for("printer_widget sources");
const page = globalThis as { [KEY]?: unknown; makeAsset?: unknown };
const kept = { _view: { turn: null, revision: 1, labels: { conversations: "yes" } } };
const TEXT = 'export const build = "sources"; export const make = (share) => makeAsset(share);';
let ends: AbortController[] = [];

/** Draw a chat as the host does: each with a copy of the bundle. */
async function draw(model: FakeModel) {
  vi.resetModules();
  const { default: widget } = await import("../src/widget.js");
  const ending = new AbortController();
  ends.push(ending);
  widget.initialize({ model: model.proxy(), signal: ending.signal });
  const el = document.createElement("div");
  document.body.append(el);
  const close = widget.render({ model: model.proxy(), el, signal: ending.signal });
  const header = el.shadowRoot?.querySelector<HTMLElement>(".header");
  if (!header) throw new Error("no header");
  return { el, header, close };
}

async function send(model: FakeModel, text = TEXT) {
  // There are no URLs of blobs in jsdom, nor could Node import one.
  const createObjectURL = () => `data:text/javascript,${encodeURIComponent(text)}`;
  vi.stubGlobal("URL", Object.assign(URL, { createObjectURL, revokeObjectURL: () => {} }));
  model.custom({ type: "asset", name: "conversations", text });
}

const hear = (model: FakeModel) => model.reply("none");
const isEmpty = (header: HTMLElement) => header.querySelector(".menu") === null;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "setInterval", "clearTimeout", "clearInterval"] });
  delete page[KEY];
  page.makeAsset = vi.fn(() => menu);
});

afterEach(() => {
  for (const ending of ends) ending.abort();
  ends = [];
  vi.unstubAllGlobals();
  vi.useRealTimers();
  document.body.replaceChildren();
});

describe("the menu of conversations", () => {
  test("comes into the place that is kept for it, and shares what the bundle has", async () => {
    const model = new FakeModel(kept);
    const { header } = await draw(model);
    expect([header.hidden, header.className, isEmpty(header)]).toEqual([
      false,
      "header kept",
      true,
    ]);
    expect(model.of("asset")).toEqual([]);
    hear(model);
    expect(model.of("asset")).toHaveLength(1);
    expect(judgeCommand(model.last("asset"))).toBe("valid");
    await send(model);
    await vi.waitFor(() => expect(isEmpty(header)).toBe(false));
    const [share] = vi.mocked(page.makeAsset as (share: unknown) => unknown).mock.calls[0] ?? [];
    const read = share as (name: string) => Record<string, unknown>;
    expect(read("strings").STRINGS).toEqual(STRINGS);
    expect(Object.keys(read("signals-core"))).toContain("effect");
    expect(read("button").makeButton).toBeTypeOf("function");
  });

  test("is asked for once by all chats of a page, and each makes its own of it", async () => {
    const models = Array.from({ length: 5 }, () => new FakeModel(kept));
    const headers: HTMLElement[] = [];
    for (const model of models) headers.push((await draw(model)).header);
    for (const model of models) hear(model);
    const asked = models.flatMap((model) => model.of("asset"));
    expect(asked).toHaveLength(1);
    const [first] = models;
    if (first !== undefined) await send(first);
    await vi.waitFor(() => expect(headers.map(isEmpty)).toEqual(headers.map(() => false)));
    expect(page.makeAsset).toHaveBeenCalledTimes(5);
    const late = new FakeModel(kept);
    expect(isEmpty((await draw(late)).header)).toBe(false);
    expect(late.of("asset")).toEqual([]);
  });

  test("is not asked for where no conversations are kept", async () => {
    const model = new FakeModel();
    const { header } = await draw(model);
    hear(model);
    expect(model.of("asset")).toEqual([]);
    expect(header.hidden).toBe(true);
  });

  test("leaves no place where there is no kernel, which is not asked either", async () => {
    const model = new FakeModel(kept);
    const { header } = await draw(model);
    await vi.advanceTimersByTimeAsync(PATIENCE);
    await vi.waitFor(() => expect(header.hidden).toBe(true));
    expect(model.of("asset")).toEqual([]);
  });

  test("leaves no place where the kernel refuses it", async () => {
    const model = new FakeModel(kept);
    const { header } = await draw(model);
    hear(model);
    model.reply(model.last("asset").nonce, "static/assets/conversations.js is missing");
    await vi.waitFor(() => expect(header.hidden).toBe(true));
  });

  test.each([
    ["of another build", TEXT.replace("sources", "others")],
    ["that cannot be run", "export const build = "],
  ])("leaves no place with a text %s", async (_, text) => {
    const model = new FakeModel(kept);
    const { header } = await draw(model);
    hear(model);
    await send(model, text);
    await vi.waitFor(() => expect(header.hidden).toBe(true));
    expect(page.makeAsset).not.toHaveBeenCalled();
  });

  test("does not come into a view that was closed meanwhile", async () => {
    const model = new FakeModel(kept);
    const { header, close } = await draw(model);
    hear(model);
    close();
    await send(model);
    const other = new FakeModel(kept);
    await vi.waitFor(async () => expect(isEmpty((await draw(other)).header)).toBe(false));
    expect(isEmpty(header)).toBe(true);
  });
});

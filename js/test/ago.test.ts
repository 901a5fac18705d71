// @vitest-environment node
import { expect, test } from "vitest";
import { Ago } from "../src/ago.js";

/** Local times, so that "yesterday" is the same everywhere. */
const NOW = new Date(2026, 10, 22, 12).getTime();
const at = (...parts: [number, number, number, number?, number?]) =>
  new Date(...parts).toISOString();

test.each([
  ["now", at(2026, 10, 22, 12)],
  ["now", at(2026, 10, 22, 13)],
  ["1 minute ago", at(2026, 10, 22, 11, 59)],
  ["59 minutes ago", at(2026, 10, 22, 11, 1)],
  ["1 hour ago", at(2026, 10, 22, 11)],
  ["23 hours ago", at(2026, 10, 21, 13)],
  ["yesterday", at(2026, 10, 21, 12)],
  ["2 days ago", at(2026, 10, 20, 23)],
  ["6 days ago", at(2026, 10, 16, 1)],
  ["Nov 15", at(2026, 10, 15, 23)],
  ["Dec 31, 2025", at(2025, 11, 31)],
])("%s is said of %s", (words, then) => {
  expect(new Ago("en").say(then, NOW)).toBe(words);
});

test("the words are the reader's", () => {
  expect(new Ago("de").say(at(2026, 10, 21, 12), NOW)).toBe("gestern");
});

test.each(["", "soon", "2026-99-99T00:00:00Z", "x".repeat(100_000)])(
  "nothing is said of %.20j, which is no time",
  (then) => {
    expect(new Ago().say(then, NOW)).toBe("");
  },
);

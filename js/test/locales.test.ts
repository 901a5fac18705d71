import { describe, expect, test } from "vitest";
import german from "../../src/printer_widget/locales/de.json";
import { STRINGS } from "../src/strings.js";
import { all, draw, ended, find, input } from "./page.js";

const places = (sentence: string) => (sentence.match(/\{\w+\}/g) ?? []).sort();

describe("German", () => {
  test("has every sentence and no other", () => {
    expect(Object.keys(german).sort()).toEqual(Object.keys(STRINGS).sort());
  });

  test("puts the same values into its sentences", () => {
    const pairs = Object.entries(STRINGS).map(([name, english]) => {
      const sentence = german[name as keyof typeof german];
      return [name, places(sentence), places(english)] as const;
    });
    for (const [name, ours, theirs] of pairs) expect([name, ours]).toEqual([name, theirs]);
  });
});

describe("a view", () => {
  test("speaks the language of its chat, and another beside it its own", () => {
    const _options = { locale: "de", strings: german };
    const { root } = draw({ ...ended("stopped"), _options });
    const other = draw(ended("stopped")).root;
    expect([find(root, "retry").textContent, find(other, "retry").textContent]).toEqual([
      "Wiederholen",
      "Retry",
    ]);
    expect(find(root, "status").textContent).toBe("Angehalten");
    expect(input(root).placeholder).toBe("Frag etwas …");
    expect(find(root, "send").title).toBe("Senden");
  });

  test("says which language that is, and that of a message nobody knows", () => {
    const { root } = draw({ ...ended("complete"), _options: { locale: "de-AT" } });
    expect(root.querySelector<HTMLElement>(".card")?.lang).toBe("de-AT");
    expect(draw().root.querySelector<HTMLElement>(".card")?.lang).toBe("en");
    expect(all(root, "content").map((content) => content.getAttribute("lang"))).toEqual(["", ""]);
  });
});

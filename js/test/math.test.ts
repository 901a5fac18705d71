import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import hostile from "../../tests/data/hostile-tex.json";
import * as math from "../src/assets/math.js";
import * as assets from "../src/assets.js";
import { MarkdownText } from "../src/markdown-text.js";
import { sanitiseMath } from "../src/sanitise-math.js";
import * as library from "../src/typeset.js";

const MATHML = "http://www.w3.org/1998/Math/MathML";
const NAMES = new Set(
  "math mfrac mi mmultiscripts mn mo mover mpadded mphantom mprescripts mroot mrow mspace msqrt mstyle msub msubsup msup mtable mtd mtext mtr munder munderover".split(
    " ",
  ),
);
const ATTRIBUTES = new Set(
  "accent alttext columnspan depth display displaystyle fence form height largeop linethickness lspace mathcolor mathsize mathvariant maxsize minsize movablelimits part rspace scriptlevel separator stretchy symmetric voffset width".split(
    " ",
  ),
);

/** Whatever a formula is drawn as, this is all that may be in it. */
function expectHarmless(formula: Element): void {
  for (const element of [formula, ...formula.querySelectorAll("*")]) {
    expect(element.namespaceURI, element.outerHTML).toBe(MATHML);
    expect(NAMES, element.outerHTML).toContain(element.localName);
    for (const { name, value } of element.attributes) {
      expect(ATTRIBUTES, element.outerHTML).toContain(name);
      if (name !== "alttext") expect(value, name).toMatch(/^[-+#.\w ]*$/);
    }
  }
}

function show(text: string): HTMLElement {
  const shown = new MarkdownText();
  shown.show(text, true);
  return shown.element;
}

const formulas = (element: Element) => [...element.querySelectorAll("math")];
const settled = () => new Promise((resolve) => setTimeout(resolve, 5));

beforeEach(() => {
  vi.spyOn(assets, "findAsset").mockReturnValue(math);
  vi.spyOn(assets, "loadAsset").mockResolvedValue(math);
});

describe("a formula", () => {
  test("is MathML, and has its source beside it", () => {
    const [formula] = formulas(show("so $E = mc^2$."));
    expect(formula?.getAttribute("alttext")).toBe("E = mc^2");
    expect(formula?.querySelector("msup")?.textContent).toBe("c2");
    expect(formula?.closest("p")?.textContent).toBe("so E=mc2.");
  });

  test("on lines of its own is a block", () => {
    const [formula] = formulas(show("$$\nx\n$$"));
    expect(formula?.getAttribute("display")).toBe("block");
    expect(formula?.parentElement?.getAttribute("part")).toBe("math display");
  });

  test("that may be wide can be scrolled by keys, and has a name", () => {
    const place = show(`$$\n${"x + ".repeat(20)}y\n$$`).querySelector<HTMLElement>("[part~=math]");
    expect([place?.tabIndex, place?.getAttribute("role")]).toEqual([0, "group"]);
    expect(place?.getAttribute("aria-label")).toBe("Formula");
  });

  test("keeps its alignment, colour, lines and strokes without any style", () => {
    const element = show(
      "$$\n\\begin{aligned}a&=b\\end{aligned} \\begin{array}{c|c}a&b\\\\\\hline c&d\\end{array}" +
        "\\color{red}x \\boxed{y} \\cancel{z} \\overline{AB} \\rule{1em}{1em}\n$$",
    );
    const parts = [...element.querySelectorAll("math [part]")].map((one) =>
      one.getAttribute("part"),
    );
    const all = parts.join(" ").split(" ");
    for (const part of ["right", "left", "line-right", "line-bottom", "box", "over", "rule"]) {
      expect(all).toContain(part);
    }
    expect(all).toContain("strike-up");
    expect(element.querySelector("[mathcolor]")?.getAttribute("mathcolor")).toBe("#ff0000");
    for (const formula of formulas(element)) expectHarmless(formula);
  });

  test.each([
    ["\\frac{1}", "Unexpected end of input"],
    ["\\nonsense x", "Unsupported function name: \\nonsense"],
    ["\\def\\a{x}\\a", "Macros cannot be defined here"],
    [`${"{".repeat(401)}x${"}".repeat(401)}`, "Too much is nested"],
  ])("with a mistake stays as it was written, and says why: %s", (tex, reason) => {
    const element = show(`a $${tex}$ b`);
    expect(formulas(element)).toEqual([]);
    const code = element.querySelector<HTMLElement>("[part=math] > code");
    expect(code?.textContent).toBe(tex);
    expect(code?.title).toContain("This formula cannot be typeset: ");
    expect(code?.title).toContain(reason);
  });

  test("with characters that nobody sees stays as it was written, and names them", () => {
    const element = show("a $x\u202ey$ b");
    expect(formulas(element)).toEqual([]);
    expect(element.querySelector("code")?.textContent).toBe("xU+202Ey");
  });

  test("leaves the text of the message as it was", () => {
    const shown = new MarkdownText();
    const text = "a $x$ b \\(y\\)\n\n$$\nz\n$$\n";
    shown.show(text, true);
    expect(shown.element.source).toBe(text);
  });
});

describe("while a text comes in", () => {
  test("a formula is typeset once, and stays", async () => {
    const typeset = vi.spyOn(library, "typeset");
    const shown = new MarkdownText();
    const text = `the $once_{${Math.random()}}$ and **more** and more`;
    let first: Element | null = null;
    for (let end = 0; end <= text.length; end += 1) {
      shown.show(text.slice(0, end), false);
      first ??= shown.element.querySelector("math");
    }
    shown.show(text, true);
    expect(typeset).toHaveBeenCalledTimes(1);
    expect(shown.element.querySelector("math")).toBe(first);
  });

  test("what was drawn is what a text gets that was there at once", async () => {
    const text =
      "a $x_1$, **$y$**\n\n- $$\n  \\frac{1}{2}\n  - z\n  $$\n- \\(w\\) [$v$](https://a.example)\n";
    const expected = show(text);
    await vi.waitFor(() => expect(formulas(expected)).toHaveLength(5), 10_000);
    for (let cut = 0; cut < text.length; cut += 1) {
      const shown = new MarkdownText();
      shown.show(text.slice(0, cut), false);
      shown.show(text, true);
      expect(shown.element.isEqualNode(expected), `cut at ${cut}`).toBe(true);
    }
  });

  test("many formulas are not typeset at once, but all of them soon", async () => {
    let now = 0;
    vi.spyOn(performance, "now").mockImplementation(() => {
      now += 5;
      return now;
    });
    const element = show(Array.from({ length: 20 }, (_, i) => `$b_{${i}}$`).join(" and "));
    expect(formulas(element)).toHaveLength(2);
    await vi.waitFor(() => expect(formulas(element)).toHaveLength(20), 10_000);
  });
});

describe("before there is anything to typeset with", () => {
  beforeEach(() => {
    vi.mocked(assets.findAsset).mockReturnValue(null);
  });

  test("a formula is shown as it was written, and drawn when that has come", async () => {
    let arrive = (_: typeof math) => {};
    const coming = new Promise<typeof math>((resolve) => {
      arrive = resolve;
    });
    vi.mocked(assets.loadAsset).mockReturnValue(coming);
    const shown = new MarkdownText();
    shown.show("a $x_9$ b $$y$$", false);
    shown.show("a $x_9$ b $$y$$ $z$ c", false);
    expect(shown.element.textContent).toBe("a x_9 b y z c");
    expect(assets.loadAsset).toHaveBeenCalledTimes(1);
    vi.mocked(assets.findAsset).mockReturnValue(math);
    arrive(math);
    await vi.waitFor(() => expect(formulas(shown.element)).toHaveLength(3), 10_000);
    shown.show("a $x_9$ b $$y$$ $z$ c", true);
    expect(shown.element.isEqualNode(show("a $x_9$ b $$y$$ $z$ c"))).toBe(true);
  });

  test("where none comes, it stays as it was written, and the next text asks again", async () => {
    vi.mocked(assets.loadAsset).mockRejectedValue(new Error("no kernel"));
    const element = show("a $x_8$ b");
    await settled();
    expect(element.innerHTML).toBe('<p>a <span part="math"><code>x_8</code></span> b</p>');
    show("$y_8$");
    expect(assets.loadAsset).toHaveBeenCalledTimes(2);
  });

  test("nothing is asked for where there is no formula", () => {
    show("It costs $5 and $6, `$x$`");
    expect(assets.loadAsset).not.toHaveBeenCalled();
  });
});

/** Hostile TeX, which tests/browser/test_math.py reads, too: a text, or what is nested how deep. */
const vectors = hostile as (string | [string, string, number])[];
const HOSTILE = vectors.map((one) => {
  if (typeof one === "string") return one;
  const [open, close, count] = one;
  return `${open.repeat(count)}x${close.repeat(count)}`;
});

describe("a hostile formula is drawn harmlessly, or not at all", () => {
  afterEach(() => {
    document.body.replaceChildren();
  });

  test.each(HOSTILE.map((tex) => [tex.slice(0, 60), tex] as const))("%s", async (_, tex) => {
    const alert = vi.spyOn(window, "alert").mockImplementation(() => {});
    for (const text of [`a \\(${tex}\\) b`, `$$\n${tex}\n$$`, `a $${tex}$ b`]) {
      const element = show(text);
      document.body.append(element);
      await settled();
      for (const formula of formulas(element)) expectHarmless(formula);
      const html = element.innerHTML;
      expect(
        element.querySelectorAll("[id], [class], [style], [href], [src], [name]"),
        html,
      ).toHaveLength(0);
      expect(
        element.querySelectorAll("img, svg, script, style, iframe, maction"),
        html,
      ).toHaveLength(0);
      expect(element.querySelectorAll("*").length).toBeLessThan(15_000);
    }
    expect(alert).not.toHaveBeenCalled();
    // Nothing is left behind for the formulas that follow.
    expect(formulas(show("$\\frac{a}{b}$"))[0]?.querySelector("mfrac")?.textContent).toBe("ab");
  });
});

describe("the sanitiser", () => {
  const clean = (html: string): Element => {
    const template = document.createElement("template");
    template.innerHTML = html;
    const first = template.content.firstElementChild;
    if (first === null) throw new Error("nothing there");
    return sanitiseMath(first);
  };

  test.each([
    "<math><mi href=javascript:alert(1)>x</mi></math>",
    "<math href=javascript:alert(1) xlink:href=javascript:alert(1)><mi>x</mi></math>",
    "<math><mi onclick=alert(1) ONERROR=alert(1) style=position:fixed class=a id=b name=c data-d=e>x</mi></math>",
    "<math><maction actiontype=toggle><mi>x</mi></maction></math>",
    "<math><semantics><mi>x</mi><annotation-xml encoding=text/html><img src=x onerror=alert(1)></annotation-xml></semantics></math>",
    "<math><annotation-xml encoding=application/xhtml+xml><svg onload=alert(1)></annotation-xml></math>",
    "<math><mtext><img src=x onerror=alert(1)></mtext></math>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=x onerror=alert(1)&gt;'>",
    "<math><mi><svg><script>alert(1)</script></svg></mi></math>",
    "<math><mtext><form><input name=attributes></form></mtext></math>",
    "<math><mo><style><mi>x</mi></style></mo></math>",
    "<math><mglyph src=https://a.example></mglyph><malignmark></malignmark></math>",
    "<math><mspace width=9999em height=1e9px lspace=-50em /></math>",
    "<math><mpadded voffset=-40em width=-40em><mi>x</mi></mpadded></math>",
    "<math><mstyle mathsize=100em mathcolor=url(x) mathbackground=red><mi>x</mi></mstyle></math>",
    "<math><mi part=copy>x</mi><mi part='box actions'>x</mi></math>",
    "<math><mi mathcolor='red'>x</mi><mtd columnspan=9999 /></math>",
    "<math><mi/><noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript></math>",
  ])("lets nothing through that is not ours: %s", (html) => {
    let cleaned: Element;
    try {
      cleaned = clean(html);
    } catch {
      return;
    }
    expectHarmless(cleaned);
    expect(
      cleaned.querySelectorAll("[part], [mathcolor], [width], [voffset], [mathsize]"),
    ).toHaveLength(0);
    expect(cleaned.outerHTML).not.toMatch(/alert|9999|javascript/);
  });

  test.each(["<p>x</p>", "<svg></svg>", "<mi>x</mi>", "<img src=x onerror=alert(1)>"])(
    "takes nothing but a formula: %s",
    (html) => {
      expect(() => clean(html)).toThrow();
    },
  );

  test("keeps what a formula needs", () => {
    const html =
      '<math display="block"><mfrac linethickness="0.05em"><mi mathvariant="normal">x</mi>' +
      '<mo stretchy="true" form="prefix" lspace="0.2em">(</mo></mfrac><mspace width="-0.1667em"></mspace>' +
      '<mtd part="right flush-left" columnspan="2"></mtd></math>';
    expect(clean(html).outerHTML).toBe(html);
  });
});

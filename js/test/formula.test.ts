import { describe, expect, test } from "vitest";
import { MarkdownText } from "../src/markdown-text.js";

function draw(text: string, isWhole = true): HTMLElement {
  const shown = new MarkdownText();
  shown.show(text, isWhole);
  return shown.element;
}

/** The formulas of a text; those on lines of their own between bars. */
function formulas(text: string): string[] {
  return [...draw(text).querySelectorAll('[part~="math"]')].map((one) =>
    one.getAttribute("part") === "math" ? one.textContent : `|${one.textContent}|`,
  );
}

describe("what is a formula", () => {
  test.each<[string, string[]]>([
    ["Einstein: $E = mc^2$.", ["E = mc^2"]],
    ["$a$ and $b$, ($c$) **$d$** _$e$_", ["a", "b", "c", "d", "e"]],
    ["the $n$th, $k$-means, 2$\\sigma$, 20$^\\circ$C", ["n", "k", "\\sigma", "^\\circ"]],
    ["设$x$为实数", ["x"]],
    ["$x \\$ y$", ["x \\$ y"]],
    ["$5 \\times 3$ and $2^{10}$ and $3x+1$", ["5 \\times 3", "2^{10}", "3x+1"]],
    ["over two\n$a +\nb$ lines", ["a +\nb"]],
    ["\\(x_1\\) and \\( x_2 \\)", ["x_1", "x_2"]],
    ["\\(AB\\) is a line", ["AB"]],
    ["$$x = 1$$", ["|x = 1|"]],
    ["so $$ x = 1 $$ holds", ["|x = 1|"]],
    ["$$\nx\n= 1\n$$", ["|x\n= 1|"]],
    ["\\[x = 1\\]", ["|x = 1|"]],
    [
      "Then\n\\[\n\\begin{aligned}\na &= b \\\\[2pt]\n- c\n\\end{aligned}\n\\]\nholds.",
      ["|\\begin{aligned}\na &= b \\\\[2pt]\n- c\n\\end{aligned}|"],
    ],
    [
      "# On $x$\n\n| $a$ | b |\n|---|---|\n| $c$ | \\(d\\) |\n",
      ["a", "c", "d"].toSpliced(0, 0, "x"),
    ],
    ["- one\n\n  $$\n  x\n  - y\n  $$\n- two $z$", ["|x\n- y|", "z"]],
    ["> \\[\n> + x\n> \\]\n\n1. $$\n   1. a\n   $$", ["|+ x|", "|1. a|"]],
    ["[$x$](https://a.example)", ["x"]],
    ["$a*b$ and $c*d$, $a_1$ and $b_1$", ["a*b", "c*d", "a_1", "b_1"]],
    ["$<b>$ $&amp;$ $[a](b)$", ["<b>", "&amp;", "[a](b)"]],
    ["$$\n# a\n> b\n---\n1. c\n| d |\n|---|\n```", []],
  ])("%j", (text, expected) => {
    expect(formulas(text)).toEqual(expected);
  });

  test("a formula is one paragraph with what is around it, and no list", () => {
    const element = draw("Then\n$$\n- x\n+ y\n= z\n$$\nholds.\n- an item");
    expect([...element.children].map((one) => one.localName)).toEqual(["p", "ul"]);
    expect(formulas("$$\n- x\n+ y\n= z\n$$")).toEqual(["|- x\n+ y\n= z|"]);
  });
});

describe("what is none", () => {
  test.each([
    "It costs $5 and $6",
    "$20-$30",
    "$20 - $30, $40/$50, $60–$70",
    "US$ 5",
    "US$5 and A$6 and R$7",
    "between $1,000 and $2,000",
    "I paid $5 (about 4€), and he paid 10$.",
    "$5.50 each, or 9$ for two",
    "$5/month or 50$/year",
    "$1M and 2$",
    "shell $HOME $PATH",
    "$HOME/bin:$PATH and $HOME:$PATH",
    "$(pwd) and $(date), $(pwd):$(date)",
    "$PATH is set, and $HOME is too",
    "echo $$ and then $$ again, or $$ and $$",
    "cheap $, dear $$, dearer $$$ and $$$$",
    "a $ b $ c",
    "a $x $y $ z",
    "a $x",
    "a $$x",
    "$$ $$ $$",
    "$$",
    "$",
    "$$\n\n$$",
    "a $x\n\ny$ b",
    "\\$x$ and \\$y\\$",
    "`$x$` and ``$y ` $``",
    "$a `b$` c$",
    "\\(see below\\) and \\[citation needed\\] \\[1\\] \\[sic\\]",
    "\\(\\) \\[\\] \\( \\) \\[\\\\\\]",
    "\\(open and \\[open",
    "\\)closed\\( \\]closed\\[",
    "\\\\(x\\\\) and \\\\[x\\\\]",
    "```\n$x$\n$$\ny\n$$\n```\n\n    $x$",
    "<https://a.example/$x$> https://a.example/?a=$x$",
    `$${"x".repeat(4001)}$`,
  ])("%j", (text) => {
    expect(formulas(text)).toEqual([]);
  });

  test.each([
    ["It costs $5 and $6", "<p>It costs $5 and $6</p>"],
    ["$20-$30", "<p>$20-$30</p>"],
    ["\\(see below\\)", "<p>(see below)</p>"],
    ["$*a*", "<p>$<em>a</em></p>"],
  ])("is drawn as it was before there were formulas: %j", (text, html) => {
    expect(draw(text).innerHTML).toBe(html);
  });

  test("a formula that is never closed ends with its paragraph", () => {
    const element = draw("$$\nx\n- y\n\n- an item");
    expect([...element.children].map((one) => one.localName)).toEqual(["p", "ul"]);
  });
});

describe("while a text comes in", () => {
  const texts = (text: string) =>
    Array.from(
      { length: text.length + 1 },
      (_, end) => draw(text.slice(0, end), false).textContent,
    );

  test.each([
    "so $E = mc^2$ is",
    "so $20^\\circ$ is",
    "so $5$ is",
    "so $$x = 1$$ is",
    "so \\(x_1 + x_2\\) is",
    "so\n\\[\nx\n- y\n\\]\nis",
    "so\n$$\nx | y\n---|---\n$$\nis",
    `so $\\frac{1}{2}${" + x".repeat(200)}$ is`,
    `so\n$$\nx ${"+ x ".repeat(200)}\n$$\nis`,
  ])("no part of a formula is seen before it is whole: %j", (text) => {
    for (const seen of texts(text)) expect(seen).not.toMatch(/\$|\\[[(]/);
  });

  test.each(["It costs $5 and $6 in all", "$HOME is set to it", "\\(see below\\) here"])(
    "a sentence is not kept waiting: %j",
    (text) => {
      const clean = draw(text).textContent;
      for (let end = 12; end <= text.length; end += 1) {
        const seen = draw(text.slice(0, end), false).textContent;
        expect(clean.length - seen.length).toBeLessThan(text.length - end + 14);
      }
      expect(draw(text.slice(0, -1), false).textContent).toBe(clean.slice(0, -1));
    },
  );

  test("a dollar alone is shown once its line has become long", () => {
    expect(draw(`a $x ${"! ".repeat(200)}`, false).textContent).toContain("a $x !");
  });

  test("a dollar alone is shown once its paragraph has ended", () => {
    expect(draw("a $x\n\nb", false).textContent).toBe("a $xb");
  });
});

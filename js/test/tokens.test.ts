import { describe, expect, test } from "vitest";
import { codeHtml } from "../src/code.js";
import { drawTokens } from "../src/token-spans.js";
import { type Run, tokenise } from "../src/tokens.js";

const read = (code: string, language: string) => {
  let at = 0;
  return tokenise(code, language)?.map(({ units, kind }) => {
    at += units;
    return [code.slice(at - units, at), kind];
  });
};

describe("code is cut into tokens", () => {
  test("in a language of the fence's name", () => {
    expect(read('def f(x):\n    return "a" + f"{x}"  # why', "python")).toEqual([
      ["def", "keyword"],
      [" ", null],
      ["f", "title"],
      ["(x):\n    ", null],
      ["return", "keyword"],
      [" ", null],
      ['"a"', "string"],
      [" + ", null],
      ['f"', "string"],
      ["{x}", null],
      ['"', "string"],
      ["  ", null],
      ["# why", "comment"],
    ]);
  });

  test("in a language within another", () => {
    expect(read("<script>let a = 1</script>", "html")).toContainEqual(["let", "keyword"]);
  });

  test.each([
    ["bash", "if true; then echo 1; fi"],
    ["c", "int main(void) { return 0; }"],
    ["c++", "auto x = 1;"],
    ["cs", "var x = 1;"],
    ["css", "a { color: red }"],
    ["diff", "+a\n-b"],
    ["dockerfile", "FROM debian"],
    ["go", "func main() {}"],
    ["HTML", "<b>x</b>"],
    ["ini", "a = 1"],
    ["java", "class A {}"],
    ["js", "const a = 1"],
    ["json", '{"a": 1}'],
    ["julia", "function f() end"],
    ["md", "# a"],
    ["Python", "import a"],
    ["ipython", "import a"],
    ["pycon", ">>> import a"],
    ["R", "x <- function() 1"],
    ["rust", "fn main() {}"],
    ["shell", "$ ls"],
    ["sql", "SELECT 1"],
    ["sqlite", "SELECT 1"],
    ["tex", "\\begin{a}"],
    ["toml", "a = 1"],
    ["tsx", "const a: number = 1"],
    ["yml", "a: 1"],
  ])("%s is known", (language, code) => {
    const runs = tokenise(code, language) ?? [];
    expect(runs.some(({ kind }) => kind !== null)).toBe(true);
    expect(runs.reduce((sum, { units }) => sum + units, 0)).toBe(code.length);
  });

  test.each([
    "",
    "text",
    "nothing",
    "__proto__",
    "constructor",
    "toString",
    "<b>",
    "a b",
    "\u0000",
  ])("%j is unknown", (language) => {
    expect(tokenise("if x: return 1", language)).toBeNull();
  });

  test("however broken it is", () => {
    for (const code of ['"', "def", "'''", "}}}", "\u202e#\u0000", "𝔘 = '😀'", "<a b='"]) {
      for (const language of ["python", "js", "html", "yaml", "rust", "sql"]) {
        const units = tokenise(code, language)?.reduce((sum, run) => sum + run.units, 0);
        expect(units, `${language}: ${code}`).toBe(code.length);
      }
    }
  });
});

describe("tokens are drawn", () => {
  const draw = (source: string, runs: readonly Run[]) => {
    const code = document.createElement("code");
    code.innerHTML = codeHtml(source);
    const before = code.textContent;
    drawTokens(code, source, runs);
    expect(code.textContent).toBe(before);
    return code;
  };

  test("as spans around letters that stay the same", () => {
    const source = "if a:\n  b = '<x>&amp;'\n";
    const code = draw(source, tokenise(source, "python") ?? []);
    expect(code.innerHTML).toBe(
      '<span part="lines"><span part="token keyword">if</span> a:\n  b = ' +
        `<span part="token string">'&lt;x&gt;&amp;amp;'</span>\n</span>`,
    );
  });

  test("around what is invisible, which keeps its name", () => {
    const source = "a = '\u202e\u{e0041}😀' # \u200b";
    const code = draw(source, tokenise(source, "python") ?? []);
    const tokens = [...code.querySelectorAll("[part^=token]")].map(
      ({ textContent }) => textContent,
    );
    expect(tokens).toEqual(["'", "😀'", "# "]);
    const names = [...code.querySelectorAll("[part=invisible]")].map((one) => one.textContent);
    expect(names).toEqual(["U+202E", "U+E0041", "U+200B"]);
    expect(code.querySelectorAll("[part=invisible] *")).toHaveLength(0);
  });

  test("through the boxes of long code", () => {
    const source = `"""${"line\n".repeat(1000)}"""\nif a: pass`;
    const code = draw(source, tokenise(source, "python") ?? []);
    expect(code.children.length).toBeGreaterThan(2);
    for (const box of code.children) {
      expect(box.firstElementChild?.getAttribute("part")).toBe("token string");
    }
    expect(code.lastElementChild?.textContent).toContain("if a: pass");
  });

  test("not where something else is shown", () => {
    const code = document.createElement("code");
    code.innerHTML = codeHtml("if b");
    drawTokens(code, "if a", tokenise("if a", "python") ?? []);
    expect(code.querySelector("[part^=token]")).toBeNull();
  });

  test("not where there are more than a page can draw in time", () => {
    const source = "1,".repeat(4000);
    expect(draw(source, tokenise(source, "js") ?? []).querySelector("[part^=token]")).toBeNull();
  });
});

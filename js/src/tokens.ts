/** What code consists of: runs of letters, each with its kind of token. */

import highlighter from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import c from "highlight.js/lib/languages/c";
import cpp from "highlight.js/lib/languages/cpp";
import csharp from "highlight.js/lib/languages/csharp";
import css from "highlight.js/lib/languages/css";
import diff from "highlight.js/lib/languages/diff";
import dockerfile from "highlight.js/lib/languages/dockerfile";
import go from "highlight.js/lib/languages/go";
import ini from "highlight.js/lib/languages/ini";
import java from "highlight.js/lib/languages/java";
import javascript from "highlight.js/lib/languages/javascript";
import json from "highlight.js/lib/languages/json";
import julia from "highlight.js/lib/languages/julia";
import latex from "highlight.js/lib/languages/latex";
import markdown from "highlight.js/lib/languages/markdown";
import python from "highlight.js/lib/languages/python";
import pythonSession from "highlight.js/lib/languages/python-repl";
import r from "highlight.js/lib/languages/r";
import ruby from "highlight.js/lib/languages/ruby";
import rust from "highlight.js/lib/languages/rust";
import shell from "highlight.js/lib/languages/shell";
import sql from "highlight.js/lib/languages/sql";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";

/** So many UTF-16 code units of one kind; null where they look as all others do. */
export interface Run {
  units: number;
  readonly kind: string | null;
}

/** The library's names of tokens, by their first word; what is in none looks as what is around it. */
const KINDS: Readonly<Record<string, string | null>> = {
  addition: "tag",
  attr: "attribute",
  attribute: "attribute",
  built_in: "builtin",
  bullet: "operator",
  char: "number",
  code: "string",
  comment: "comment",
  deletion: "string",
  doctag: "comment",
  formula: "string",
  keyword: "keyword",
  link: "attribute",
  literal: "number",
  meta: "meta",
  name: "tag",
  number: "number",
  operator: "operator",
  property: "attribute",
  quote: "comment",
  regexp: "string",
  section: "title",
  selector: "tag",
  string: "string",
  // What is put into a string is code again.
  subst: null,
  symbol: "number",
  tag: "tag",
  template: "attribute",
  title: "title",
  type: "builtin",
};

function kindOf(scope: string): string | null | undefined {
  const name = /^[a-z]+(_in)?/.exec(scope)?.[0] ?? "";
  return Object.hasOwn(KINDS, name) ? KINDS[name] : undefined;
}

/** What the library reports to, in place of what writes HTML. */
class Runs {
  readonly runs: Run[] = [];
  text = "";
  readonly #kinds: (string | null)[] = [null];

  addText(text: string): void {
    this.text += text;
    this.#add(text.length, this.#kind);
  }

  startScope(scope: string): void {
    const kind = kindOf(scope);
    this.#kinds.push(kind === undefined ? this.#kind : kind);
  }

  endScope(): void {
    this.#kinds.pop();
  }

  openNode(scope: string): void {
    this.startScope(scope);
  }

  closeNode(): void {
    this.endScope();
  }

  __addSublanguage({ text, runs }: Runs): void {
    this.text += text;
    for (const { units, kind } of runs) this.#add(units, kind ?? this.#kind);
  }

  finalize(): void {}

  toHTML(): string {
    return "";
  }

  get #kind(): string | null {
    return this.#kinds.at(-1) ?? null;
  }

  #add(units: number, kind: string | null): void {
    const last = this.runs.at(-1);
    if (last !== undefined && last.kind === kind) last.units += units;
    else if (units > 0) this.runs.push({ units, kind });
  }
}

/** An instance of our own, which no other user of the library can reconfigure. */
const own = highlighter.newInstance();
own.configure({ __emitter: Runs });
const LANGUAGES = {
  bash,
  c,
  cpp,
  csharp,
  css,
  diff,
  dockerfile,
  go,
  ini,
  java,
  javascript,
  json,
  julia,
  latex,
  markdown,
  python,
  "python-repl": pythonSession,
  r,
  ruby,
  rust,
  shell,
  sql,
  typescript,
  xml,
  yaml,
};
for (const [name, language] of Object.entries(LANGUAGES)) own.registerLanguage(name, language);
own.registerAliases(["ipython", "ipython3", "python3"], { languageName: "python" });
own.registerAliases(["jl"], { languageName: "julia" });
own.registerAliases(["mysql", "postgres", "postgresql", "sqlite"], { languageName: "sql" });

/** Cut `code` into its tokens, or return null where they are not known. */
export function tokenise(code: string, language: string): readonly Run[] | null {
  if (own.getLanguage(language) === undefined) return null;
  const { _emitter, errorRaised } = own.highlight(code, { language, ignoreIllegals: true });
  const isWhole = _emitter instanceof Runs && _emitter.text === code;
  return isWhole && errorRaised === undefined ? _emitter.runs : null;
}

/**
 * What is within a paragraph, a heading or a cell -> HTML (CommonMark 6, GFM 6.5 and 6.9).
 *
 * All that a model wrote goes through `escapeHtml`; every tag and attribute is written here, in
 * pairs. Of raw HTML a few inline tags without attributes are taken over; any other is text.
 *
 * While a text is still coming, `isPartial` closes at its end what is open there, and withholds
 * what says nothing yet: see open-ends.ts.
 */

import { autolinkAt, findAutolink } from "./autolinks.js";
import { visibleHtml } from "./code.js";
import { nextTicks, spanText } from "./code-span.js";
import { Delimiters } from "./delimiters.js";
import { decodeEntity, ENTITY, PUNCTUATION } from "./entities.js";
import { formulaHtml, isAwaited, readFormula } from "./formula.js";
import { cutOpenEnd, isNear, NEAR } from "./open-ends.js";
import { isBracket, Openers } from "./openers.js";
import { join, type Piece, tagPiece, textPiece } from "./pieces.js";
import { normaliseLabel } from "./references.js";
import { ANY_TAG, EMAIL, OWN_TAG, URI } from "./tags.js";
import { linkAttributes, readTarget, type Scope } from "./targets.js";

const FOOTNOTE = /\[\^([^\s[\]]{1,100})\]/y;
const TEXT = /[^\n\\`*_~[\]!<&$]+/y;
const TICKS = /`+/y;
const MARKS = /[.,;:?)]{1,3}/y;
const DOLLARS = /\$+/y;

const MAX_OPEN_TAGS = 20;

/** Return the HTML of `text`; `isPartial` where more of it may come. */
export function inlineHtml(text: string, scope: Scope, isPartial = false): string {
  const source = isPartial ? cutOpenEnd(text).trimEnd() : text;
  return new Inline(source, scope, isPartial).html();
}

class Inline {
  #text: string;
  readonly #scope: Scope;
  readonly #isPartial: boolean;
  readonly #pieces: Piece[] = [];
  readonly #delimiters = new Delimiters(this.#pieces);
  readonly #openers = new Openers();
  #at = 0;
  /** The lengths of which no run of backticks comes any more. */
  readonly #noTicks = new Set<number>();

  constructor(text: string, scope: Scope, isPartial: boolean) {
    this.#text = text;
    this.#scope = scope;
    this.#isPartial = isPartial;
  }

  html(): string {
    while (this.#at < this.#text.length) {
      switch (this.#text[this.#at]) {
        case "\n":
          this.#newline();
          break;
        case "\\":
          this.#backslash();
          break;
        case "`":
          this.#code();
          break;
        case "$":
          if (!this.#formula()) this.#dollars();
          break;
        case "*":
        case "_":
        case "~":
          this.#at = this.#delimiters.read(this.#text, this.#at);
          break;
        case "[":
          this.#openBracket();
          break;
        case "]":
          this.#closeBracket();
          break;
        case "!":
          if (this.#text[this.#at + 1] === "[") this.#push("![", 2);
          else this.#add("!", 1);
          break;
        case "<":
          this.#angle();
          break;
        case "&":
          this.#entity();
          break;
        default:
          this.#plain();
      }
    }
    if (this.#isPartial) this.#closeOpenEnds();
    else this.#delimiters.match(null);
    return join(this.#pieces);
  }

  #add(text: string, units: number): void {
    this.#pieces.push(textPiece(text));
    this.#at += units;
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    return pattern.exec(this.#text);
  }

  #newline(): void {
    const last = this.#pieces.at(-1);
    let isHard = false;
    if (last?.isText && last.text.endsWith(" ")) {
      const bare = last.text.replace(/ +$/, "");
      isHard = last.text.length - bare.length > 1;
      this.#pieces[this.#pieces.length - 1] = textPiece(bare);
    }
    this.#break(isHard);
  }

  #break(isHard: boolean): void {
    this.#pieces.push(isHard ? { ...textPiece("\n"), html: "<br>\n" } : textPiece("\n"));
    this.#at += 1;
    while (this.#text[this.#at] === " ") this.#at += 1;
  }

  #backslash(): void {
    const next = this.#text[this.#at + 1] ?? "";
    if (next === "\n") {
      this.#at += 1;
      this.#break(true);
    } else if (this.#formula()) {
      // It was `\\(` or `\\[`, and no escape.
    } else if (PUNCTUATION.test(next)) {
      this.#pieces.push({ ...textPiece(next), isText: false });
      this.#at += 2;
    } else this.#add("\\", 1);
  }

  #dollars(): void {
    const run = this.#match(DOLLARS)?.[0] ?? "";
    this.#add(run, run.length);
  }

  /** Read a formula; one that is still open at the end is withheld, and so is the text's end. */
  #formula(): boolean {
    const [text, at] = [this.#text, this.#at];
    const formula = readFormula(text, at, this.#isPartial);
    if (formula === "open" && this.#isPartial && isAwaited(text, at)) {
      this.#text = text.slice(0, at);
      this.#trimEnd();
      return true;
    }
    if (formula === null || formula === "open") return false;
    this.#at = formula.end;
    const marks = formula.isDisplay ? "" : (this.#match(MARKS)?.[0] ?? "");
    const html = formulaHtml(formula, marks);
    this.#pieces.push({ ...textPiece(formula.tex + marks), isText: false, html });
    this.#at += marks.length;
    return true;
  }

  #trimEnd(): void {
    let last = this.#pieces.at(-1);
    for (; last?.isText && last.text.trim() === ""; last = this.#pieces.at(-1)) this.#pieces.pop();
    if (last?.isText && /\s$/.test(last.text)) {
      this.#pieces[this.#pieces.length - 1] = textPiece(last.text.trimEnd());
    }
  }

  #code(): void {
    const text = this.#text;
    const length = this.#match(TICKS)?.[0].length ?? 1;
    const start = this.#at + length;
    let end = this.#noTicks.has(length) ? -1 : nextTicks(text, start, length);
    if (end < 0) {
      this.#noTicks.add(length);
      if (!this.#isPartial || !isNear(text, start)) {
        this.#add(text.slice(this.#at, start), length);
        return;
      }
      end = text.length;
    }
    const code = spanText(text.slice(start, end));
    this.#pieces.push({
      ...textPiece(code),
      isText: false,
      html: code === "" ? "" : `<code>${visibleHtml(code)}</code>`,
    });
    this.#at = end === text.length ? end : end + length;
  }

  #entity(): void {
    const match = this.#match(ENTITY);
    if (match === null) this.#add("&", 1);
    else this.#pieces.push({ ...textPiece(decodeEntity(match[0])), isText: false });
    if (match !== null) this.#at += match[0].length;
  }

  #plain(): void {
    const run = this.#match(TEXT)?.[0] ?? this.#text[this.#at] ?? "";
    // A link's text cannot hold another link.
    const start = this.#openers.links > 0 ? -1 : findAutolink(this.#text, this.#at, run.length);
    if (start < 0) {
      this.#add(run, run.length);
      return;
    }
    if (start > this.#at) this.#add(this.#text.slice(this.#at, start), start - this.#at);
    const link = autolinkAt(this.#text, this.#at);
    if (link === null) this.#add(this.#text[this.#at] ?? "", 1);
    else {
      const isOpen = this.#isPartial && this.#at + link.text.length === this.#text.length;
      this.#link(link.text, isOpen ? null : link.href, link.text.length);
    }
  }

  #link(text: string, href: string | null, units: number): void {
    this.#pieces.push(tagPiece("a", linkAttributes(href)), textPiece(text), tagPiece("/a"));
    this.#at += units;
  }

  #angle(): void {
    const uri = this.#match(URI);
    if (uri !== null) {
      const [all, href = ""] = uri;
      this.#link(href, href, all.length);
      return;
    }
    const email = this.#match(EMAIL);
    if (email !== null) {
      const [all, address = ""] = email;
      this.#link(address, `mailto:${address}`, all.length);
      return;
    }
    const own = this.#match(OWN_TAG);
    if (own !== null) {
      this.#ownTag(own[0], (own[2] ?? "").toLowerCase(), own[1] === "/");
      return;
    }
    const foreign = this.#match(ANY_TAG)?.[0] ?? "<";
    this.#pieces.push({ ...textPiece(foreign), isText: false });
    this.#at += foreign.length;
  }

  #ownTag(text: string, name: string, isEnd: boolean): void {
    if (name === "br") {
      this.#pieces.push({ ...textPiece("\n"), isText: false, html: "<br>" });
      this.#at += text.length;
    } else if (!isEnd) {
      if (this.#openers.tags < MAX_OPEN_TAGS) this.#push(name, text.length, text);
      else this.#add(text, text.length);
    } else {
      const index = this.#openers.findTag(name);
      if (index < 0) this.#add(text, text.length);
      else {
        this.#wrap(index, tagPiece(name), tagPiece(`/${name}`));
        this.#at += text.length;
      }
    }
  }

  /** Put tags around what came after an opener, which then is open no more, nor is what is in it. */
  #wrap(index: number, start: Piece, end: Piece, openFrom?: number): void {
    const opener = this.#openers.at(index);
    if (opener === undefined) return;
    this.#delimiters.match(opener.mark, openFrom);
    this.#pieces[opener.piece] = start;
    this.#pieces.push(end);
    this.#openers.drop(index);
  }

  #push(sign: string, units: number, text = sign): void {
    const piece = this.#pieces.length;
    this.#add(text, units);
    this.#openers.push(sign, piece, this.#at, this.#delimiters.mark);
  }

  #openBracket(): void {
    const note = this.#match(FOOTNOTE);
    const number = note === null ? undefined : this.#scope.footnote(normaliseLabel(note[1] ?? ""));
    if (note === null || number === undefined) {
      this.#push("[", 1);
      return;
    }
    const html = `<sup part="footnote">${number}</sup>`;
    this.#pieces.push({ ...textPiece(""), isText: false, html });
    this.#at += note[0].length;
  }

  #closeBracket(): void {
    const index = this.#openers.findBracket();
    const opener = this.#openers.at(index);
    if (opener === undefined) {
      this.#add("]", 1);
      return;
    }
    const target = opener.isActive
      ? readTarget(this.#text, this.#at + 1, opener, this.#scope, this.#isPartial)
      : null;
    if (target === null) {
      this.#openers.remove(index);
      this.#add("]", 1);
      return;
    }
    this.#at = target.end;
    const attributes = linkAttributes(target.href, target.title);
    if (opener.sign === "![") {
      this.#delimiters.match(opener.mark);
      const inner = this.#pieces.splice(opener.piece);
      const text = inner.slice(1).map((piece) => piece.text);
      this.#pieces.push(tagPiece("a", ` part="image"${attributes}`));
      this.#pieces.push(textPiece(text.join("").replaceAll("\n", " ")), tagPiece("/a"));
      this.#openers.drop(index);
      return;
    }
    this.#wrap(index, tagPiece("a", attributes), tagPiece("/a"));
    this.#openers.deactivateLinks();
  }

  /** Take as closed, at the end of a text that will go on, what was opened shortly before. */
  #closeOpenEnds(): void {
    const text = this.#text;
    const from = text.length - NEAR;
    for (let index = this.#openers.count - 1; index >= 0; index -= 1) {
      const opener = this.#openers.at(index);
      if (opener === undefined || !isNear(text, opener.at)) break;
      if (!isBracket(opener)) {
        this.#wrap(index, tagPiece(opener.sign), tagPiece(`/${opener.sign}`), from);
      } else if (opener.isActive) this.#pieces[opener.piece] = textPiece("");
    }
    this.#delimiters.match(null, from);
  }
}

/**
 * The blocks of a Markdown text that grows, by the algorithm of the CommonMark specification
 * ("Appendix: A parsing strategy"), which takes one line after the other.
 *
 * A complete line is taken once and for good, so that a text costs its length, whatever is in it;
 * a block that was closed never changes. The line that is still coming is taken on trial: before
 * the text goes on, the blocks that it opened and closed are put back. `isHeld` says which such
 * line could still turn out to be anything, and is better not shown yet.
 *
 * What is not CommonMark: HTML opens no block, for it is shown as text (see inline.ts); containers
 * are nested to a limit; tables and footnotes are GitHub's; and what follows so much that drawing it
 * would take seconds is shown as it was written, in one block of code.
 */

import { Block, remember } from "./block.js";
import { type Site, STARTS } from "./block-starts.js";
import { openSign } from "./formula.js";
import { completeDelimiterRow, isHeld } from "./held-lines.js";
import { Line } from "./line.js";
import { type Definition, readDefinition } from "./references.js";

const CONTAINERS: ReadonlySet<string> = new Set(["quote", "list", "item", "footnote"]);
/** How much is read: units of text outside of code, and for each block and cell as many as here. */
const MAX_WEIGHT = 500_000;
const BLOCK_WEIGHT = 20;
const LINE_END = /\r\n?|\n/g;

export class BlockParser {
  readonly root = new Block("document", null, 0);
  readonly definitions = new Map<string, Definition>();
  readonly footnotes = new Map<string, Block>();
  /** The block that the text's last line is in, if it may go on. */
  live: Block | null = null;
  /** How often a definition came or went. */
  revision = 0;
  #text = "";
  /** How much of the text has been taken for good. */
  #taken = 0;
  #lineNumber = 0;
  #weight = 0;
  /** The block of what is not read any more. */
  #rest: Block | null = null;
  /** The innermost open block. */
  #tip = this.root;
  /** The innermost open block that the line goes on with, and whether no other is open. */
  #matched = this.root;
  #isMatched = true;
  #undo: (() => void) | null = null;
  /** While a line is on trial: what to do to forget what it defined. */
  #journal: (() => void)[] | null = null;
  readonly #site: Site = {
    open: (kind) => {
      this.#closeUnmatched();
      return this.#open(kind);
    },
    tip: () => (this.#isMatched ? this.#tip : this.#matched),
    isLazy: () => !this.#isMatched && this.#tip.kind === "paragraph",
    define: (block) => this.#define(block),
    note: (block) => this.#keep(this.footnotes, block.info, block),
  };

  /** Take a text that continues the one before; `isWhole` when it will not go on. */
  update(text: string, isWhole: boolean): void {
    this.#undo?.();
    this.#undo = null;
    this.#text = text;
    this.#takeLines(isWhole);
    this.live = isWhole ? null : this.#tip;
    if (!isWhole) this.#tryLine(clean(text.slice(this.#taken)));
    else while (this.#tip !== this.root) this.#close(this.#tip);
  }

  #takeLines(isWhole: boolean): void {
    const text = this.#text;
    LINE_END.lastIndex = this.#taken;
    for (let match = LINE_END.exec(text); match !== null; match = LINE_END.exec(text)) {
      const end = LINE_END.lastIndex;
      // The other half of the line's end may still come.
      if (!isWhole && match[0] === "\r" && end === text.length) break;
      this.#take(clean(text.slice(this.#taken, match.index)));
      this.#taken = end;
    }
    if (!isWhole || this.#taken === text.length) return;
    this.#take(clean(text.slice(this.#taken)));
    this.#taken = text.length;
  }

  #tryLine(line: string): void {
    if (isHeld(line, this.#tip)) return;
    const open: Block[] = [];
    for (let block: Block | null = this.#tip; block !== null; block = block.parent) {
      open.push(block);
    }
    const [tip, lineNumber, weight, rest] = [this.#tip, this.#lineNumber, this.#weight, this.#rest];
    const restore = open.map(remember);
    const journal: (() => void)[] = [];
    this.#journal = journal;
    this.#take(completeDelimiterRow(line, this.#tip));
    this.#journal = null;
    this.#undo = () => {
      for (const put of restore) put();
      for (const forget of journal) forget();
      this.#tip = tip;
      this.#lineNumber = lineNumber;
      this.#weight = weight;
      this.#rest = rest;
    };
  }

  /** Take one line, without its end. */
  #take(text: string): void {
    this.#lineNumber += 1;
    if (this.#weight > MAX_WEIGHT) {
      this.#takeRest(text);
      return;
    }
    if (this.#tip.kind !== "code") this.#weight += text.length;
    const line = new Line(text);
    let container = this.root;
    for (let child = container.last; child?.isOpen; child = container.last) {
      const goesOn = this.#continues(child, line);
      if (goesOn === "ended") return;
      if (!goesOn) break;
      container = child;
    }
    this.#matched = container;
    this.#isMatched = container === this.#tip;

    while (container.kind !== "code" && container.openFormula === "") {
      const opened = openBlock(this.#site, container, line);
      if (opened === null) break;
      container = opened;
      const isIndented = container.kind === "code" && container.fence === null;
      if (!isIndented && !CONTAINERS.has(container.kind)) {
        this.live = container;
        this.#reach(container, line);
        if (container.kind === "rule" || container.kind === "heading") this.#close(container);
        return;
      }
    }
    if (container.kind !== "code") line.toContent();

    const isLazy = !this.#isMatched && !line.isBlank && this.#tip.kind === "paragraph";
    if (isLazy) container = this.#tip;
    else this.#closeUnmatched();
    this.live = this.#addText(container, line);
    this.#reach(this.live, line);
  }

  #takeRest(text: string): void {
    if (this.#rest === null) while (this.#tip !== this.root) this.#close(this.#tip);
    this.#rest ??= this.#open("code");
    this.#rest.text += `${text}\n`;
    this.#rest.end = this.#lineNumber;
    this.live = this.#rest;
  }

  /** Close what the line did not go on with, once it is known to be no lazy continuation. */
  #closeUnmatched(): void {
    if (this.#isMatched) return;
    this.#isMatched = true;
    while (this.#tip !== this.#matched) this.#close(this.#tip);
  }

  #addText(container: Block, line: Line): Block {
    const isText = container.kind === "code" || container.kind === "paragraph";
    if (line.isBlank && !isText) return container;
    const isTable = container.kind === "table";
    const block = isText ? container : this.#open(isTable ? "row" : "paragraph");
    block.text += isTable ? line.remainder : `${line.remainder}\n`;
    if (isTable) {
      this.#weight += BLOCK_WEIGHT * container.alignments.length;
      this.#close(block);
    } else if (block.kind === "paragraph") {
      block.openFormula = openSign(line.remainder, block.openFormula);
    }
    return block;
  }

  /** Note that `line` was the last one so far with anything for `block` and what it is in. */
  #reach(block: Block, line: Line): void {
    let reached: Block | null = block;
    // Of a blank line, only a fence, a quote (its sign) and an item that starts have something.
    if (line.isBlank && !(block.kind === "code" && block.fence !== null)) {
      const item = nearest(block, "item");
      reached = item?.start === this.#lineNumber ? item : nearest(block, "quote");
    }
    for (; reached !== null; reached = reached.parent) reached.end = this.#lineNumber;
  }

  #continues(block: Block, line: Line): boolean | "ended" {
    switch (block.kind) {
      case "list":
        return true;
      case "quote":
        if (line.indent >= 4 || line.text[line.content] !== ">") return false;
        line.skipContent(1);
        line.skipSpace();
        return true;
      case "item":
        if (line.isBlank) {
          if (block.children.length === 0) return false;
          line.toContent();
          return true;
        }
        if (line.indent < (block.marker?.width ?? 0)) return false;
        line.skipColumns(block.marker?.width ?? 0);
        return true;
      case "footnote":
        if (line.isBlank) line.toContent();
        else if (line.indent >= 4) line.skipColumns(4);
        else return false;
        return true;
      case "code":
        return this.#continuesCode(block, line);
      case "paragraph":
      case "table":
        return !line.isBlank;
      default:
        return false;
    }
  }

  #continuesCode(block: Block, line: Line): boolean | "ended" {
    const { fence } = block;
    if (fence === null) {
      if (line.indent >= 4) line.skipColumns(4);
      else if (line.isBlank) line.toContent();
      else return false;
      return true;
    }
    if (line.indent < 4 && line.text[line.content] === fence.sign) {
      const rest = line.rest.trimEnd();
      if (rest.length >= fence.length && rest === fence.sign.repeat(rest.length)) {
        this.#reach(block, line);
        while (this.#tip !== block) this.#close(this.#tip);
        this.#close(block);
        return "ended";
      }
    }
    for (let left = fence.indent; left > 0 && line.skipSpace(); left -= 1);
    return true;
  }

  #open(kind: Block["kind"]): Block {
    while (!canContain(this.#tip, kind)) this.#close(this.#tip);
    const parent = this.#tip;
    this.#weight += BLOCK_WEIGHT;
    const block = new Block(kind, parent, this.#lineNumber);
    const before = parent.last;
    const hasGap = before !== undefined && before.end < block.start - 1;
    const list = kind === "item" ? parent : parent.kind === "item" ? parent.parent : null;
    if (hasGap && list !== null) {
      list.isLoose = true;
    }
    parent.children.push(block);
    this.#tip = block;
    return block;
  }

  #close(block: Block): void {
    if (block.kind === "paragraph") this.#define(block);
    block.isOpen = false;
    block.isSettled = this.#journal === null;
    this.#tip = block.parent ?? this.root;
  }

  /** Take the definitions at the start of a paragraph out of its text. */
  #define(block: Block): void {
    while (block.text.startsWith("[")) {
      const found = readDefinition(block.text);
      if (found === null) return;
      block.text = block.text.slice(found.end);
      this.#keep(this.definitions, found.label, found.definition);
    }
  }

  /** The first definition of a label counts. */
  #keep<V>(known: Map<string, V>, label: string, value: V): void {
    if (known.has(label)) return;
    known.set(label, value);
    this.revision += 1;
    this.#journal?.push(() => {
      known.delete(label);
      this.revision += 1;
    });
  }
}

function openBlock(site: Site, container: Block, line: Line): Block | null {
  if (line.isBlank) return null;
  for (const start of STARTS) {
    const opened = start(site, container, line);
    if (opened !== null) return opened;
  }
  return null;
}

function canContain(parent: Block, kind: Block["kind"]): boolean {
  switch (parent.kind) {
    case "list":
      return kind === "item";
    case "table":
      return kind === "row";
    case "document":
      return kind !== "item";
    case "quote":
    case "item":
    case "footnote":
      return kind !== "item" && kind !== "footnote";
    default:
      return false;
  }
}

function nearest(block: Block, kind: Block["kind"]): Block | null {
  let one: Block | null = block;
  while (one !== null && one.kind !== kind) one = one.parent;
  return one;
}

/** No character of a text is NUL (CommonMark 2.3). */
function clean(line: string): string {
  return line.includes("\0") ? line.replaceAll("\0", "\ufffd") : line;
}

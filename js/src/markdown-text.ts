/**
 * One text, drawn as Markdown as it grows.
 *
 * What is drawn follows the tree of blocks: a block that is settled is never looked at again, and
 * of those that are open only the last is, down to the leaf that the text goes on in. Definitions
 * that come late, of links and footnotes, are the only thing that changes what stands above.
 */

import type { Block, Kind } from "./block.js";
import { BlockParser } from "./blocks.js";
import { chunkEnd } from "./chunks.js";
import { CodeView } from "./code-view.js";
import { Drawn } from "./drawn.js";
import { furnish } from "./furnish.js";
import { Lookups } from "./lookups.js";
import { blockHtml, leafHtml, listPart, shellHtml, textHtml, textOf } from "./markdown.js";
import { Formulas } from "./math.js";
import { Notes } from "./notes.js";
import { appendText, isAlike, patchChildren } from "./patch.js";
import { press } from "./press.js";
import { sanitise } from "./sanitise.js";
import { Sections } from "./sections.js";
import { STRINGS, type Strings } from "./strings.js";
import { goesOn, makeContent, type TextView } from "./text.js";

/** A longer block gets what is defined behind it when the text ends. */
const MAX_REFRESHED = 20_000;

const LEAVES: ReadonlySet<string> = new Set(["paragraph", "heading", "row"]);

/** What holds the children of a block, where that is not its own element. */
const SLOTS: { readonly [K in Kind]?: string } = {
  footnote: '[part="footnote-text"]',
  table: "tbody",
};

export class MarkdownText implements TextView {
  readonly element = makeContent();
  readonly strings: Strings;
  readonly #formulas: Formulas;
  readonly #codes = new WeakMap<Element, CodeView>();
  /** Those that may still get more. */
  #growing: CodeView[] = [];
  #parser = new BlockParser();
  #notes: Notes;
  #lookups: Lookups;
  #sections = new Sections(this.element);
  #root = this.#makeRoot();
  #revision = 0;

  constructor(strings: Strings = STRINGS) {
    this.strings = strings;
    this.#formulas = new Formulas(this.element, strings);
    this.#notes = new Notes(strings);
    this.#lookups = new Lookups(this.#parser, this.#notes);
    this.element.addEventListener("click", ({ target }) => {
      if (target instanceof Element) press(target, this);
    });
  }

  show(text: string, isWhole: boolean): void {
    const { element } = this;
    if (text === element.source && isWhole === this.#lookups.isWhole) return;
    if (this.#lookups.isWhole || !goesOn(text, element.source)) this.#clear();
    element.source = text;
    this.#draw(text, isWhole);
  }

  get textEnd(): Element {
    let drawn = this.#root;
    const inner = (one: Drawn) => one.children.findLast((child) => child.element !== null);
    for (let last = inner(drawn); last !== undefined; last = inner(drawn)) drawn = last;
    return drawn.textEnd ?? this.element;
  }

  get notes(): Notes {
    return this.#notes;
  }

  codeAt(element: Element): CodeView | undefined {
    return this.#codes.get(element);
  }

  #draw(text: string, isWhole: boolean): void {
    const [parser, lookups, root] = [this.#parser, this.#lookups, this.#root];
    parser.update(text, isWhole);
    lookups.isWhole = isWhole;
    this.#sync(root, parser.root.children);
    this.#sections.trim();
    if (isWhole) lookups.renumber(root);
    if (isWhole || parser.revision !== this.#revision) {
      for (const drawn of lookups.outdated()) this.#refresh(drawn);
    }
    this.#revision = parser.revision;
    this.#growing = this.#growing.filter((code) => !code.finish(isWhole));
    if (parser.footnotes.size === 0) return;
    const isAtNotes = isWhole || parser.root.last?.kind === "footnote";
    const notes = root.children.filter(
      ({ block }) => parser.footnotes.get(block.info) === block && block.kind === "footnote",
    );
    this.#notes.place(notes, this.element, isAtNotes);
  }

  #clear(): void {
    this.element.replaceChildren();
    this.#growing = [];
    this.#parser = new BlockParser();
    this.#notes = new Notes(this.strings);
    this.#lookups = new Lookups(this.#parser, this.#notes);
    this.#sections = new Sections(this.element);
    this.#root = this.#makeRoot();
    this.#revision = 0;
  }

  #makeRoot(): Drawn {
    const root = new Drawn(this.#parser.root, false);
    root.slot = this.element;
    return root;
  }

  /** Draw `blocks`, the children of the block that `holder` shows. */
  #sync(holder: Drawn, blocks: readonly Block[]): void {
    const { children } = holder;
    let i = holder.settled;
    for (let block = blocks[i]; block !== undefined; block = blocks[i]) {
      const drawn = children[i];
      if (drawn?.canShow(block)) {
        this.#update(holder, drawn, block);
        i += 1;
        continue;
      }
      this.#drop(holder, i);
      this.#drawAll(holder, blocks.slice(i));
      break;
    }
    this.#drop(holder, blocks.length);
    while (children[holder.settled]?.block.isSettled) holder.settled += 1;
  }

  /** Whether more of the text may come into `block`, or its last line is not all there. */
  #isGrowing(block: Block | undefined): boolean {
    return block !== undefined && (block.isOpen || block === this.#parser.live);
  }

  /** Draw blocks of which nothing is drawn yet, at the end of `holder`: all of them as one HTML. */
  #drawAll(holder: Drawn, blocks: readonly Block[]): void {
    const made = blocks.map((block) => this.#make(block));
    const html = made.map((one) => one.html).join("");
    const elements = this.#elements(html, holder.kind === "table", blocks.flatMap(codeBlocks));
    for (const one of made) {
      const element = one.html === "" ? null : (elements.shift() ?? null);
      holder.children.push(one);
      this.#bind(one, element);
      this.#insert(holder, one);
    }
  }

  /** Make the HTML of `block`; of one that is growing such that what is in it can be found again. */
  #make(block: Block): Drawn {
    const isLeaf = LEAVES.has(block.kind);
    const isGrowing = this.#isGrowing(block);
    const drawn = new Drawn(block, !isLeaf && !isGrowing);
    const scope = this.#lookups.scope(drawn);
    if (isLeaf) {
      drawn.isPartial = block === this.#parser.live;
      drawn.html = leafHtml(block, scope, drawn.isPartial);
    } else if (isGrowing && block.kind !== "code") {
      const [start, end] = shellHtml(block, scope);
      drawn.children.push(...block.children.map((child) => this.#make(child)));
      drawn.html = start + drawn.children.map((child) => child.html).join("") + end;
    } else drawn.html = blockHtml(block, scope);
    return drawn;
  }

  /** Tell `drawn`, and what is in it, which elements its HTML became. */
  #bind(drawn: Drawn, element: Element | null): void {
    drawn.element = element;
    drawn.code = element === null ? null : (this.#codes.get(element) ?? null);
    if (element === null || drawn.isWhole || LEAVES.has(drawn.kind) || drawn.code !== null) return;
    const slot = SLOTS[drawn.kind];
    drawn.slot = slot === undefined ? element : element.querySelector(slot);
    const elements = [...(drawn.slot?.children ?? [])];
    for (const child of drawn.children) {
      this.#bind(child, child.html === "" ? null : (elements.shift() ?? null));
    }
  }

  #update(holder: Drawn, drawn: Drawn, block: Block): void {
    const isNews = drawn.block !== block;
    drawn.block = block;
    if (LEAVES.has(block.kind)) {
      const isPartial = block === this.#parser.live;
      if (drawn.text !== block.text || drawn.isPartial !== isPartial) {
        this.#drawLeaf(holder, drawn, block);
      }
    } else if (block.kind === "code") drawn.code?.update(block);
    else if (!drawn.isWhole) {
      if (isNews) drawn.settled = 0;
      if (drawn.isLoose !== block.isLoose) {
        drawn.element?.setAttribute("part", listPart(block));
        drawn.isLoose = block.isLoose;
      }
      this.#sync(drawn, block.children);
    }
  }

  /** Draw a leaf that grows, or the end of one that did: only what differs is touched. */
  #drawLeaf(holder: Drawn, drawn: Drawn, block: Block): void {
    const isPartial = block === this.#parser.live;
    drawn.text = block.text;
    drawn.isPartial = isPartial;
    if (block.kind !== "row" && this.#drawPiece(drawn, block, isPartial)) return;
    drawn.frozen = { text: "", nodes: 0 };
    const html = leafHtml(block, this.#lookups.scope(drawn), isPartial);
    const isDrawn = html === drawn.html || appendText(drawn.element, drawn.html, html);
    drawn.html = html;
    if (isDrawn) return;
    const next = html === "" ? null : (this.#elements(html, block.kind === "row", [])[0] ?? null);
    const old = drawn.element;
    if (old !== null && next !== null && isAlike(old, next)) {
      patchChildren(old, next);
      return;
    }
    drawn.element = next;
    if (old !== null && next !== null) old.replaceWith(next);
    else if (old !== null) old.remove();
    else this.#insert(holder, drawn);
  }

  /** Draw a long text from its last cut on; returns false where it is not long. */
  #drawPiece(drawn: Drawn, block: Block, isPartial: boolean): boolean {
    const { element } = drawn;
    const text = textOf(block, isPartial);
    const isSame = goesOn(text, drawn.frozen.text);
    if (element === null || !isSame) return false;
    let { length: start } = drawn.frozen.text;
    let end = chunkEnd(text, start);
    if (start === 0 && end === text.length) return false;
    const scope = start === 0 ? this.#lookups.scope(drawn) : this.#lookups.goOn(drawn);
    let { nodes } = drawn.frozen;
    const add = (piece: string, isOpen: boolean) => {
      const fragment = this.#nodes(textHtml(piece, scope, isOpen, start));
      patchChildren(element, fragment, nodes);
    };
    for (; end < text.length; end = chunkEnd(text, start)) {
      add(text.slice(start, end), false);
      nodes = element.childNodes.length;
      start = end;
    }
    add(text.slice(start), isPartial);
    drawn.html = "";
    drawn.frozen = { text: text.slice(0, start), nodes };
    if (block.isSettled) element.normalize();
    return true;
  }

  /** Draw again what refers to something that has come since, or will not come any more. */
  #refresh(drawn: Drawn): void {
    const { element, block } = drawn;
    const isLong = (element?.textContent.length ?? 0) > MAX_REFRESHED;
    if (element === null || (isLong && !this.#lookups.isWhole)) return;
    const isPartial = block === this.#parser.live;
    const scope = this.#lookups.scope(drawn);
    const isShell = drawn.kind === "table" && !drawn.isWhole;
    const html = isShell
      ? shellHtml(block, scope).join("")
      : LEAVES.has(block.kind)
        ? leafHtml(block, scope, isPartial)
        : blockHtml(block, scope);
    const codes = isShell ? [] : codeBlocks(block);
    const next = this.#elements(html, block.kind === "row", codes)[0];
    if (next === undefined) return;
    drawn.frozen = { text: "", nodes: 0 };
    drawn.html = html;
    if (isShell) element.querySelector("thead")?.replaceWith(next.querySelector("thead") ?? "");
    else {
      element.replaceWith(next);
      drawn.element = next;
    }
  }

  /** Make elements of the HTML of blocks; rows alone are nothing to a parser of HTML. */
  #elements(html: string, isRows: boolean, codes: readonly Block[]): Element[] {
    const fragment = this.#nodes(isRows ? `<table><tbody>${html}</tbody></table>` : html);
    for (const [i, element] of fragment.querySelectorAll('div[part="code"]').entries()) {
      const block = codes[i];
      if (block === undefined) continue;
      const code = new CodeView(element, block, this.strings);
      this.#codes.set(element, code);
      this.#growing.push(code);
    }
    const parent = isRows ? fragment.querySelector("tbody") : fragment;
    return [...(parent?.children ?? [])];
  }

  #nodes(html: string): DocumentFragment {
    const fragment = sanitise(html);
    furnish(fragment, this.strings);
    this.#formulas.draw(fragment);
    return fragment;
  }

  #insert(holder: Drawn, drawn: Drawn): void {
    const { element } = drawn;
    if (element === null) return;
    // Footnotes have their place at the end, which they get from their numbers.
    if (drawn.kind === "footnote") return;
    const { children } = holder;
    const isLast = children.at(-1) === drawn;
    const index = isLast ? children.length - 1 : children.indexOf(drawn);
    const notes = this.#notes.element;
    const slot = holder === this.#root ? this.#sections.slot(index, notes) : holder.slot;
    const after = isLast ? [] : children.slice(index + 1);
    const next = after.find((one) => one.element?.parentElement === slot)?.element;
    slot?.insertBefore(element, next ?? (notes.parentElement === slot ? notes : null));
  }

  #drop(holder: Drawn, from: number): void {
    for (const drawn of holder.children.splice(from)) {
      drawn.element?.remove();
      this.#lookups.forget(drawn);
    }
  }
}

function codeBlocks(block: Block): Block[] {
  return block.kind === "code" ? [block] : block.children.flatMap(codeBlocks);
}

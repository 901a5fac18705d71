/** What Markdown consists of: blocks, each with other blocks or with a text in it. */

import type { Alignment } from "./tables.js";

export type Kind =
  | "document"
  | "quote"
  | "list"
  | "item"
  | "footnote"
  | "paragraph"
  | "heading"
  | "code"
  | "table"
  | "row"
  | "rule";

/** What makes two items those of one list, and where the content of this one begins. */
export interface Marker {
  readonly isOrdered: boolean;
  /** The bullet, or what follows the number. */
  readonly sign: string;
  readonly start: number;
  /** Columns from the line's start (or the container's) to the content. */
  readonly width: number;
}

export interface Fence {
  readonly sign: string;
  readonly length: number;
  /** Columns before the fence, which its lines lose too. */
  readonly indent: number;
}

export class Block {
  kind: Kind;
  readonly parent: Block | null;
  readonly children: Block[] = [];
  /** How many containers this is in. */
  readonly depth: number;
  isOpen = true;
  /** Closed by a complete line: it will never change. */
  isSettled = false;
  /** A paragraph's or heading's source, the lines of code, the header of a table, or a row. */
  text = "";
  /** The number of its first line, and of the last one with content. */
  readonly start: number;
  end: number;

  /** A paragraph's: the sign that ends the formula in which its last line leaves it, or "". */
  openFormula = "";
  /** A heading's. */
  level = 0;
  /** An item's; a list has its first item's. */
  marker: Marker | null = null;
  /** A list's: whether blank lines are within it. */
  isLoose = false;
  /** A code block's; null where it is indented. */
  fence: Fence | null = null;
  /** What a fence says of its code; a footnote's label. */
  info = "";
  alignments: readonly Alignment[] = [];

  constructor(kind: Kind, parent: Block | null, start: number) {
    this.kind = kind;
    this.parent = parent;
    this.depth = parent === null ? 0 : parent.depth + 1;
    this.start = start;
    this.end = start;
  }

  get last(): Block | undefined {
    return this.children.at(-1);
  }
}

/** Keep what `block` is now, and return what puts that back; its children are only counted. */
export function remember(block: Block): () => void {
  const { kind, isOpen, text, end, openFormula, level, isLoose, alignments } = block;
  const count = block.children.length;
  return () => {
    Object.assign(block, { kind, isOpen, text, end, openFormula, level, isLoose, alignments });
    block.children.length = count;
  };
}

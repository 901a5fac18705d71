/** What is on the screen of one block, and enough of the block to tell whether that still holds. */

import type { Block, Kind } from "./block.js";
import type { CodeView } from "./code-view.js";

export class Drawn {
  block: Block;
  readonly kind: Kind;
  /** Drawn with all that is in it at once, and not to be updated piece by piece. */
  readonly isWhole: boolean;
  /** Null where nothing is drawn of the block. */
  element: Element | null = null;
  /** Where the elements of `children` are. */
  slot: Element | null = null;
  readonly children: Drawn[] = [];
  /** How many of the children, from the first on, will never change. */
  settled = 0;
  code: CodeView | null = null;
  /** Of a leaf: what was last made of it. */
  html = "";
  /** The beginning of a long text that is drawn for good, and how many nodes that is. */
  frozen = { text: "", nodes: 0 };
  /** What was looked up to draw this, and what was found, in the order of the text. */
  lookups: Map<string, string> | null = null;
  isPartial = false;
  isLoose: boolean;
  text: string;
  readonly #key: string;
  readonly #end: number;

  constructor(block: Block, isWhole: boolean) {
    this.block = block;
    this.kind = block.kind;
    this.isWhole = isWhole;
    this.text = block.text;
    this.isLoose = block.isLoose;
    this.#key = shellKey(block);
    this.#end = block.end;
  }

  /** Whether what is drawn can be made to show `block` without beginning anew. */
  canShow(block: Block): boolean {
    if (this.kind !== block.kind || this.#key !== shellKey(block)) return false;
    if (!this.isWhole) return true;
    return this.block === block && this.#end === block.end && this.isLoose === block.isLoose;
  }

  /** The element in which a text that ends with this block ends. */
  get textEnd(): Element | null {
    const { code, element, slot } = this;
    if (code !== null) return code.textEnd;
    if (this.kind === "rule") return element?.parentElement ?? null;
    if (this.kind !== "table" && this.kind !== "row") return slot ?? element;
    const cells = [...(element?.querySelectorAll("th, td") ?? [])];
    return cells.findLast((cell) => cell.hasChildNodes()) ?? cells[0] ?? null;
  }
}

/** What the tags around a block's content depend on, but for what can be changed in place. */
function shellKey(block: Block): string {
  switch (block.kind) {
    case "list":
      return `${block.marker?.isOrdered} ${block.marker?.start}`;
    case "heading":
      return String(block.level);
    case "table":
      return `${block.text}\n${block.alignments.join()}`;
    case "code":
    case "footnote":
      return block.info;
    default:
      return "";
  }
}

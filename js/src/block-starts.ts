/** How blocks begin: each rule looks at the rest of a line and opens a block, or returns null. */

import type { Block, Kind, Marker } from "./block.js";
import { unescapeText } from "./entities.js";
import type { Line } from "./line.js";
import { normaliseLabel } from "./references.js";
import { readAlignments, splitRow } from "./tables.js";

/** What a rule may do to the blocks that are open. */
export interface Site {
  /** Close what cannot go on or cannot contain it, and open a block there. */
  readonly open: (kind: Kind) => Block;
  /** The innermost block that the line goes on with. */
  readonly tip: () => Block;
  /** Whether a paragraph is open that could lazily go on with the line. */
  readonly isLazy: () => boolean;
  readonly define: (block: Block) => void;
  readonly note: (block: Block) => void;
}

type Start = (site: Site, container: Block, line: Line) => Block | null;

/** Deeper containers are text: browsers, too, stop at some depth. */
const MAX_DEPTH = 40;

const HEADING = /^(#{1,6})(?:[ \t]+|$)/;
const CLOSING_SEQUENCE = /(?:^|[ \t]+)#+[ \t]*$/;
const FENCE = /^(`{3,})([^`]*)$|^(~{3,})(.*)$/;
const UNDERLINE = /^(?:=+|-+)[ \t]*$/;
const RULE = /^(?:\*[ \t]*){3,}$|^(?:_[ \t]*){3,}$|^(?:-[ \t]*){3,}$/;
const ITEM = /^(?:([*+-])|(\d{1,9})([.)]))(?=[ \t]|$)/;
const FOOTNOTE = /^\[\^([^\s[\]]{1,100})\]:/;

const quote: Start = (site, container, line) => {
  if (line.indent >= 4 || line.text[line.content] !== ">" || isTooDeep(container)) return null;
  line.skipContent(1);
  line.skipSpace();
  return site.open("quote");
};

const heading: Start = (site, _, line) => {
  const match = line.indent < 4 ? HEADING.exec(line.rest) : null;
  if (match === null) return null;
  const block = site.open("heading");
  block.level = match[1]?.length ?? 1;
  block.text = line.rest.slice(match[0].length).replace(CLOSING_SEQUENCE, "").trim();
  return block;
};

const fence: Start = (site, _, line) => {
  const match = line.indent < 4 ? FENCE.exec(line.rest) : null;
  if (match === null) return null;
  const { indent } = line;
  const run = match[1] ?? match[3] ?? "";
  const block = site.open("code");
  block.fence = { sign: run[0] ?? "`", length: run.length, indent };
  block.info = unescapeText((match[2] ?? match[4] ?? "").trim());
  return block;
};

const underline: Start = (site, container, line) => {
  if (line.indent >= 4 || container.kind !== "paragraph" || !UNDERLINE.test(line.rest)) return null;
  site.define(container);
  if (container.text === "") return null;
  container.kind = "heading";
  container.level = line.rest.startsWith("=") ? 1 : 2;
  container.text = container.text.trim();
  return container;
};

const rule: Start = (site, _, line) => {
  if (line.indent >= 4 || !RULE.test(line.rest)) return null;
  return site.open("rule");
};

/** A table's header is the last line of the paragraph before; what precedes it stays one. */
const table: Start = (site, container, line) => {
  if (line.indent >= 4 || container.kind !== "paragraph") return null;
  const alignments = readAlignments(line.rest.trim());
  if (alignments === null) return null;
  const text = container.text.trimEnd();
  const start = text.lastIndexOf("\n") + 1;
  const header = text.slice(start);
  if (!isHeader(header, alignments.length)) return null;
  if (start > 0) {
    container.text = text.slice(0, start);
    const block = site.open("table");
    block.text = header;
    block.alignments = alignments;
    return block;
  }
  container.kind = "table";
  container.text = header;
  container.alignments = alignments;
  return container;
};

const footnote: Start = (site, container, line) => {
  const parent = container.kind === "paragraph" ? container.parent : container;
  if (line.indent >= 4 || parent?.kind !== "document") return null;
  const match = FOOTNOTE.exec(line.rest);
  if (match === null) return null;
  const block = site.open("footnote");
  block.info = normaliseLabel(match[1] ?? "");
  site.note(block);
  line.skipContent(match[0].length);
  line.toContent();
  return block;
};

const item: Start = (site, container, line) => {
  if (line.indent >= 4 || isTooDeep(container)) return null;
  const marker = readMarker(line, container.kind === "paragraph");
  if (marker === null) return null;
  const isSameList = container.kind === "list" && isAlike(container.marker, marker);
  if (!isSameList) {
    // A list cannot contain a list, so that opening one closes the other.
    site.open("list").marker = marker;
  }
  const block = site.open("item");
  block.marker = marker;
  return block;
};

const indentedCode: Start = (site, container, line) => {
  if (line.indent < 4 || container.kind === "paragraph" || site.isLazy()) return null;
  line.skipColumns(4);
  return site.open("code");
};

/** In the order of their precedence. */
export const STARTS: readonly Start[] = [
  quote,
  heading,
  fence,
  underline,
  table,
  rule,
  footnote,
  item,
  indentedCode,
];

function isTooDeep(container: Block): boolean {
  return container.depth > MAX_DEPTH;
}

function isHeader(text: string, columns: number): boolean {
  return splitRow(text).length === columns;
}

function isAlike(a: Marker | null, b: Marker): boolean {
  return a?.isOrdered === b.isOrdered && a.sign === b.sign;
}

/** Read the marker of an item and go on to its content. */
function readMarker(line: Line, isInParagraph: boolean): Marker | null {
  const match = ITEM.exec(line.text.slice(line.content, line.content + 11));
  if (match === null) return null;
  const [run, bullet, number, delimiter] = match;
  const start = number === undefined ? 1 : Number(number);
  const isEmpty = line.text.slice(line.content + run.length).trim() === "";
  if (isInParagraph && (isEmpty || start !== 1)) return null;

  const { indent } = line;
  line.skipContent(run.length);
  const spaces = line.indent;
  // Five and more begin with an indented code block, which has four of them for itself.
  const padding = isEmpty || spaces > 4 ? 1 : spaces;
  line.skipColumns(padding);
  return {
    isOrdered: bullet === undefined,
    sign: bullet ?? delimiter ?? "",
    start,
    width: indent + run.length + padding,
  };
}

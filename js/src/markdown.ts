/**
 * One block -> HTML -> a sanitised fragment: the only place where HTML is born.
 *
 * The same functions serve a whole text and one that is still coming. The HTML is well-formed block
 * by block, so that a block drawn alone is the same as one drawn within a longer text.
 */

import type { Block } from "./block.js";
import { chunks } from "./chunks.js";
import { codeHtml, codeOf, languageOf } from "./code.js";
import { escapeHtml } from "./entities.js";
import { inlineHtml } from "./inline.js";
import { readDefinition } from "./references.js";
import { type Alignment, splitRow } from "./tables.js";
import type { Scope } from "./targets.js";

/** Columns up to which a short row is filled with cells of its own. */
const MAX_FILLED = 16;

/** What comes after so much of a paragraph, a heading or a cell is shown as it was written. */
const MAX_READ = 100_000;

const TASK = /^\[([ xX])\](?:[ \t\n]|$)/;

/** Return the HTML of `block` and all that is in it. */
export function blockHtml(block: Block, scope: Scope): string {
  switch (block.kind) {
    case "paragraph":
    case "heading":
    case "row":
      return leafHtml(block, scope);
    default: {
      const [start, end] = shellHtml(block, scope);
      if (block.kind === "code") return start + codeHtml(codeOf(block)) + end;
      return start + block.children.map((child) => blockHtml(child, scope)).join("") + end;
    }
  }
}

/** The HTML of a paragraph, heading or row; `isPartial` where more of its text may come. */
export function leafHtml(block: Block, scope: Scope, isPartial = false): string {
  const [start, end] = shellHtml(block, scope);
  if (block.kind === "row") return start + cellsHtml(block, scope, isPartial) + end;
  const text = textOf(block, isPartial);
  const isEmpty = block.kind === "paragraph" && text === "" && taskOf(block) === null;
  return isEmpty ? "" : start + textHtml(text, scope, isPartial) + end;
}

/** The tags before and after what is in a block; both are empty where nothing is drawn of it. */
export function shellHtml(block: Block, scope: Scope): [string, string] {
  switch (block.kind) {
    case "quote":
      return ["<blockquote>", "</blockquote>"];
    case "list":
      return listShell(block);
    case "item":
      return ["<li>", "</li>"];
    case "paragraph":
      return paragraphShell(block);
    case "heading":
      return [`<h${block.level}>`, `</h${block.level}>`];
    case "rule":
      return ["<hr>", ""];
    case "row":
      return ["<tr>", "</tr>"];
    case "table":
      return tableShell(block, scope);
    case "code":
      return codeShell(block);
    case "footnote":
      return ['<li><div part="footnote-text">', "</div></li>"];
    default:
      return ["", ""];
  }
}

/** A list's paragraphs are set apart by the style sheet, so that it may still become loose. */
export function listPart(block: Block): string {
  return block.isLoose ? "loose" : "tight";
}

function listShell(block: Block): [string, string] {
  const { marker } = block;
  const part = ` part="${listPart(block)}"`;
  if (!marker?.isOrdered) return [`<ul${part}>`, "</ul>"];
  const start = marker.start === 1 ? "" : ` start="${marker.start}"`;
  return [`<ol${part}${start}>`, "</ol>"];
}

function paragraphShell(block: Block): [string, string] {
  const task = taskOf(block);
  if (task === null) return ["<p>", "</p>"];
  return [`<p part="task${task === " " ? "" : " done"}">`, "</p>"];
}

function tableShell(block: Block, scope: Scope): [string, string] {
  const header = splitRow(block.text).map((text, i) => {
    const alignment = alignmentOf(block.alignments[i] ?? null);
    return `<th${alignment}>${textHtml(text, scope)}</th>`;
  });
  const head = `<thead><tr>${header.join("")}</tr></thead>`;
  return [`<div part="table"><table>${head}<tbody>`, "</tbody></table></div>"];
}

function codeShell(block: Block): [string, string] {
  const label = `<span part="language">${escapeHtml(languageOf(block))}</span>`;
  return [`<div part="code"><div part="code-bar">${label}</div><pre><code>`, "</code></pre></div>"];
}

/** The box of a task in front of an item's first paragraph: `x`, a space, or null for none. */
function taskOf(block: Block): string | null {
  const isFirst = block.parent?.kind === "item" && block.parent.children[0] === block;
  return isFirst ? (TASK.exec(block.text)?.[1] ?? null) : null;
}

/** The inline text of a paragraph or heading; of a live one without what may yet mean another. */
export function textOf(block: Block, isPartial = false): string {
  const text = isPartial ? settledText(block) : block.text;
  return (taskOf(block) === null ? text : text.slice(3)).trim();
}

const HALF_DEFINITION = /^\[[^\]\n]+\]:[ \t]*\n?[ \t]*\S*(?:\s+["'(][^\n]*)?$/;
const HALF_TABLE = /(?:^|\n)\|[^\n]*\n?$/;

/** Leave out definitions, whole or half, and a line that looks like the header of a table. */
function settledText(block: Block): string {
  if (block.kind !== "paragraph") return block.text;
  let { text } = block;
  for (let found = readDefinition(text); found !== null; found = readDefinition(text)) {
    text = text.slice(found.end);
  }
  return HALF_DEFINITION.test(text) ? "" : text.replace(HALF_TABLE, "");
}

/**
 * The HTML of inline text; of a long one in pieces, so that none costs more than its length.
 *
 * `from` is how much of the same text came before.
 */
export function textHtml(text: string, scope: Scope, isPartial = false, from = 0): string {
  const parts = chunks(text);
  let start = from;
  const htmls = parts.map((part, i) => {
    const isRead = start < MAX_READ;
    start += part.length;
    return isRead ? inlineHtml(part, scope, isPartial && i === parts.length - 1) : escapeHtml(part);
  });
  return htmls.join("");
}

function cellsHtml(row: Block, scope: Scope, isPartial = false): string {
  const alignments = row.parent?.alignments ?? [];
  const texts = splitRow(row.text).slice(0, alignments.length);
  const cells = texts.map((text, i) => {
    const html = textHtml(text, scope, isPartial && i === texts.length - 1);
    return `<td${alignmentOf(alignments[i] ?? null)}>${html}</td>`;
  });
  const missing = alignments.length - texts.length;
  if (missing > MAX_FILLED) cells.push(`<td colspan="${missing}"></td>`);
  else {
    const rest = alignments.slice(texts.length);
    cells.push(...rest.map((alignment) => `<td${alignmentOf(alignment)}></td>`));
  }
  return cells.join("");
}

function alignmentOf(alignment: Alignment): string {
  return alignment === null ? "" : ` align="${alignment}"`;
}

/**
 * The line that is still coming, where its beginning says too little.
 *
 * `-` may become an item, a rule, the underline of a heading or the row below a table's header, and
 * `1986` the number of an item. Such a line is not shown until the next letters decide, so that
 * nothing is drawn that jumps a moment later.
 */

import type { Block } from "./block.js";
import { splitRow } from "./tables.js";

/** A line's beginning is looked at no further than this. */
const MAX_HELD = 200;

const CONTAINERS = /^(?:[ \t]*(?:>|[-+*](?=[ \t])|\d{1,9}[.)](?=[ \t])))*[ \t]*/;

const UNDECIDED = [
  /^$/,
  /^[-+*_=|:# \t]+$/,
  /^\d{1,9}[.)]?$/,
  // Code, or the fence of a code block and a part of what it says of the code.
  /^`{1,2}$|^`{3,}[^`]*$|^~{1,2}$|^~{3,}[^~]*$/,
  // A link, a definition, a footnote, or the box of a task.
  /^\[[^\]]*\]?:?$/,
];

/** Whether `line`, of which more may come, is better not shown yet. */
export function isHeld(line: string, tip: Block): boolean {
  if (line.length > MAX_HELD) return false;
  if (tip.kind === "code" && tip.fence !== null) {
    const end = line.replace(/^[ \t>]*/, "").trimEnd();
    return end === tip.fence.sign.repeat(end.length);
  }
  if (isDelimiterRow(line, tip)) return false;
  const rest = line.replace(CONTAINERS, "");
  // Within a paragraph a bracket can only be text or a link, which the paragraph itself withholds.
  if (tip.kind === "paragraph" && rest === line && line.startsWith("[") && !line.startsWith("[^")) {
    return false;
  }
  return UNDECIDED.some((pattern) => pattern.test(rest));
}

/** Make a whole row of the beginning of one, so that a table is one from its second line on. */
export function completeDelimiterRow(line: string, tip: Block): string {
  if (!isDelimiterRow(line, tip)) return line;
  const given = line.replace(/[ \t|]+$/, "").split("-").length - 1;
  if (given === 0) return line;
  const columns = splitRow(headerOf(tip)).length;
  const written = splitRow(line.replace(/:?[ \t]*$/, "").replace(/\|$/, "")).filter((cell) =>
    cell.includes("-"),
  );
  const missing = Math.max(0, columns - written.length);
  return `|${[...written, ...Array<string>(missing).fill("-")].join("|")}|`;
}

function isDelimiterRow(line: string, tip: Block): boolean {
  return (
    tip.kind === "paragraph" &&
    headerOf(tip).includes("|") &&
    /^[ \t>]*[|:-][|: \t-]*$/.test(line) &&
    line.includes("-") &&
    !/^[ \t>]*-[ \t]*$/.test(line)
  );
}

/** The last line of a paragraph. */
function headerOf(tip: Block): string {
  const text = tip.text.trimEnd();
  return text.slice(text.lastIndexOf("\n") + 1);
}

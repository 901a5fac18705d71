/** Rows and cells of tables (GitHub Flavored Markdown 4.10). */

export type Alignment = "left" | "center" | "right" | null;

/** A row of any length must not cost more than its text: what is wider is no table. */
const MAX_COLUMNS = 100;

const DELIMITER_ROW = /^\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$/;

/** Split a row at its pipes; a pipe behind a backslash belongs to its cell. */
export function splitRow(row: string): string[] {
  const cells: string[] = [];
  const text = row.trim();
  let start = text.startsWith("|") ? 1 : 0;
  for (let at = start; at < text.length; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === "|") {
      cells.push(cell(text, start, at));
      start = at + 1;
    }
  }
  if (start < text.length) cells.push(cell(text, start, text.length));
  return cells;
}

function cell(text: string, start: number, end: number): string {
  return text.slice(start, end).trim().replaceAll("\\|", "|");
}

/** Read the row below the header, or return null where `row` is none. */
export function readAlignments(row: string): Alignment[] | null {
  if (!/[|:]/.test(row) || !DELIMITER_ROW.test(row)) return null;
  const cells = splitRow(row);
  if (cells.length > MAX_COLUMNS) return null;
  return cells.map((text) => {
    const isLeft = text.startsWith(":");
    if (text.endsWith(":")) return isLeft ? "center" : "right";
    return isLeft ? "left" : null;
  });
}

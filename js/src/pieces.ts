/** What inline text is made of, in the order it is read: texts, and tags around them. */

import { escapeHtml } from "./entities.js";

export interface Piece {
  /** What a reader would read, and an image's description is made of. */
  text: string;
  html: string;
  /** Text as it was written, in which a line's trailing spaces can be found. */
  readonly isText: boolean;
  /** Tags that begin after this, each with its attributes, the outermost first. */
  readonly opens: string[];
  /** Names of the tags that end before this, the innermost first. */
  readonly closes: string[];
}

/** Deeper tags are left out: browsers flatten what is nested too deep, each in its own way. */
const MAX_DEPTH = 40;

export function textPiece(text: string): Piece {
  return { text, html: escapeHtml(text), isText: true, opens: [], closes: [] };
}

/** A tag alone; `name` begins with a slash where it ends one. */
export function tagPiece(name: string, attributes = ""): Piece {
  const isEnd = name.startsWith("/");
  return {
    text: "",
    html: "",
    isText: false,
    opens: isEnd ? [] : [name + attributes],
    closes: isEnd ? [name.slice(1)] : [],
  };
}

/** Join pieces whose tags are in pairs; no link is put into another. */
export function join(pieces: readonly Piece[]): string {
  let html = "";
  let links = 0;
  const open: boolean[] = [];
  for (const piece of pieces) {
    for (const name of piece.closes) {
      if (!open.pop()) continue;
      if (name === "a") links -= 1;
      html += `</${name}>`;
    }
    html += piece.html;
    for (const tag of piece.opens) {
      const isLink = tag === "a" || tag.startsWith("a ");
      const isDrawn = open.length < MAX_DEPTH && !(isLink && links > 0);
      open.push(isDrawn);
      if (!isDrawn) continue;
      if (isLink) links += 1;
      html += `<${tag}>`;
    }
  }
  return html;
}

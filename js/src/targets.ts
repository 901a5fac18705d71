/** Where a link leads: what follows its text, or is defined elsewhere (CommonMark 6.3). */

import { escapeHtml } from "./entities.js";
import { isHalfTarget } from "./open-ends.js";
import {
  type Definition,
  labelEnd,
  normaliseLabel,
  readDestination,
  readTitle,
  skipSpace,
} from "./references.js";

/** What a text refers to elsewhere. */
export interface Scope {
  /** Whether nothing more can come, so that what is not defined never will be. */
  readonly isWhole: boolean;
  readonly definition: (label: string) => Definition | undefined;
  /** The number of a footnote, or undefined where there is none of this label. */
  readonly footnote: (label: string) => number | undefined;
}

export interface Opener {
  /** `[`, `![`, or the name of a tag. */
  readonly sign: string;
  /** Where the text behind it begins. */
  readonly at: number;
  /** Whether another bracket was opened within. */
  readonly hasInner: boolean;
}

export interface Target {
  /** Null where it is not known yet. */
  readonly href: string | null;
  readonly title: string;
  readonly end: number;
}

/** Read what follows the bracket that closes `opener`, from `after` on, and where that leads. */
export function readTarget(
  text: string,
  after: number,
  opener: Opener,
  scope: Scope,
  isPartial: boolean,
): Target | null {
  const target = readInline(text, after) ?? readReference(text, after, opener, scope);
  if (target !== null || !isPartial || after >= text.length) return target;
  return isHalfTarget(text.slice(after)) ? { href: null, title: "", end: text.length } : null;
}

function readInline(text: string, after: number): Target | null {
  if (text[after] !== "(") return null;
  const destination = readDestination(text, skipSpace(text, after + 1));
  if (destination === null) return null;
  const titleStart = skipSpace(text, destination.end);
  const title = titleStart > destination.end ? readTitle(text, titleStart) : null;
  const end = skipSpace(text, title?.end ?? destination.end);
  if (text[end] !== ")") return null;
  return { href: destination.href, title: title?.title ?? "", end: end + 1 };
}

function readReference(text: string, after: number, opener: Opener, scope: Scope): Target | null {
  const end = labelEnd(text, after);
  const hasLabel = end > after + 2;
  if (!hasLabel && opener.hasInner) return null;
  const source = hasLabel ? text.slice(after + 1, end - 1) : text.slice(opener.at, after - 1);
  const label = normaliseLabel(source);
  if (label === "") return null;
  const found = scope.definition(label);
  if (found !== undefined) return { ...found, end: end < 0 ? after : end };
  // Definitions come last, as a rule: what has the form of a reference is taken for one till then.
  const isIndex = /[\w\])]/.test(text[opener.at - opener.sign.length - 1] ?? "");
  const isAwaited = end > after && !scope.isWhole && !isIndex;
  return isAwaited ? { href: null, title: "", end } : null;
}

/** The attributes of a link to `href`, or of one that leads nowhere yet. */
export function linkAttributes(href: string | null, title = ""): string {
  if (href === null) return "";
  const shown = title === "" ? "" : ` title="${escapeHtml(title)}"`;
  return ` href="${escapeHtml(href)}"${shown}`;
}

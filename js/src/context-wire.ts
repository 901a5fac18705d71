/**
 * What the kernel says about the context of the next question; see `wire.ts`, whose rules hold here.
 *
 * It is an asset's part: nobody else reads it.
 */

import { isFields, isName, isText } from "./wire.js";

/** Something that can be attached. */
export interface Attachable {
  readonly name: string;
  readonly kind: string;
}

/** Something that goes with the next question. */
export interface Pending extends Attachable {
  /** Of its text, in characters. */
  readonly size: number;
  readonly warning: string | null;
}

const MAX_NAMES = 1000;

/** Return what can be attached, if `content` lists it. */
export function readNames(content: unknown): readonly Attachable[] | null {
  if (!isFields(content) || content.type !== "names" || !Array.isArray(content.list)) return null;
  const found = new Map<string, Attachable>();
  for (const entry of content.list.slice(0, MAX_NAMES) as readonly unknown[]) {
    const { name, kind } = Object(entry) as Attachable;
    if (isName(name) && isText(kind)) found.set(name, { name, kind });
  }
  return [...found.values()];
}

/** Return the text that will be sent of something pending, if `content` brings it. */
export function readPreview(content: unknown): { name: string; text: string } | null {
  if (!isFields(content) || content.type !== "preview") return null;
  const { name, text } = content;
  return isName(name) && isText(text) ? { name, text } : null;
}

/** Return what is pending, as far as it can be asked about. */
export function readPending(raw: unknown): readonly Pending[] {
  const found = new Map<string, Pending>();
  for (const entry of Array.isArray(raw) ? (raw.slice(0, MAX_NAMES) as readonly unknown[]) : []) {
    const { name, kind, size, warning } = Object(entry) as Pending;
    if (!isName(name) || !isText(kind) || !Number.isSafeInteger(size)) continue;
    found.set(name, { name, kind, size, warning: isText(warning) ? warning : null });
  }
  return [...found.values()];
}

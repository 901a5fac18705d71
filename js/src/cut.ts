/**
 * What a reader who stopped is not shown: the words that came until a busy kernel heard of it.
 *
 * The kernel keeps them, for its cell may have got them already, and another page has shown them.
 * Where the reader stopped, the message is cut on this page alone, until they ask for the rest.
 */

import type { Options } from "./options.js";
import { fill } from "./strings.js";
import type { Message } from "./wire.js";

/** How much was on the screen of the text and the reasoning, in UTF-16 code units. */
export interface Cut {
  readonly shown: number;
  readonly reasoned: number;
}

/** How much of a stopped turn is shown until it ends. */
export interface Stopping extends Cut {
  readonly turn: string;
  /** The kernel did not hear of it at once: it is busy. */
  readonly overdue: boolean;
}

/** Return `message` as its reader stopped it; itself where nothing more came. */
export function cutMessage(message: Message, cut: Cut | undefined, options: Options): Message {
  if (cut === undefined || message.content.length <= cut.shown) return message;
  const { content, reasoning, details } = message;
  const count = (content.length - cut.shown).toLocaleString(options.locale ?? undefined);
  return {
    ...message,
    status: "stopped",
    content: content.slice(0, cut.shown),
    reasoning: reasoning?.slice(0, cut.reasoned) || null,
    error: null,
    note: fill(options.strings.cut, { count }),
    details: { ...details, tools: [] },
  };
}

/** What goes with the next question: what the kernel says of it, and who draws it. */

import { signal } from "@preact/signals-core";

export class Context {
  /** What is pending, as the kernel sent it; left unread until somebody draws it. */
  readonly pending = signal<unknown>(null);
  /** What the kernel last answered, names or a text, as it came. */
  readonly answer = signal<unknown>(null);

  /** Take an answer of the kernel; false where `content` is none. */
  take(content: unknown): boolean {
    const { type } = Object(content) as { readonly type?: unknown };
    if (type !== "names" && type !== "preview") return false;
    this.answer.value = content;
    return true;
  }
}

/** Brackets and tags that nothing has closed yet, the innermost last. */

import type { Delimiters } from "./delimiters.js";
import type { Opener } from "./targets.js";

export interface Open extends Opener {
  /** Which piece it is. */
  readonly piece: number;
  /** The runs of `*` and the like that came before it. */
  readonly mark: Delimiters["mark"];
  /** Whether a link may begin with it. */
  isActive: boolean;
  hasInner: boolean;
}

export class Openers {
  readonly #open: Open[] = [];
  /** How many brackets, and how many tags. */
  links = 0;
  tags = 0;

  get count(): number {
    return this.#open.length;
  }

  at(index: number): Open | undefined {
    return this.#open[index];
  }

  push(sign: string, piece: number, at: number, mark: Open["mark"]): void {
    const opener = { sign, piece, at, mark, isActive: true, hasInner: false };
    if (isBracket(opener)) {
      const top = this.#open.at(-1);
      if (top !== undefined) top.hasInner = true;
      this.links += 1;
    } else this.tags += 1;
    this.#open.push(opener);
  }

  findBracket(): number {
    return this.links === 0 ? -1 : this.#open.findLastIndex(isBracket);
  }

  findTag(name: string): number {
    return this.tags === 0 ? -1 : this.#open.findLastIndex(({ sign }) => sign === name);
  }

  remove(index: number): void {
    this.#forget(this.#open.splice(index, 1));
  }

  /** Remove one and all within it. */
  drop(index: number): void {
    this.#forget(this.#open.splice(index));
  }

  /** A link's text holds no link, so that none of the brackets around one can become another. */
  deactivateLinks(): void {
    for (let index = this.#open.length - 1; index >= 0; index -= 1) {
      const opener = this.#open[index];
      if (opener?.sign !== "[") continue;
      if (!opener.isActive) break;
      opener.isActive = false;
    }
  }

  #forget(gone: readonly Open[]): void {
    for (const opener of gone) {
      if (isBracket(opener)) this.links -= 1;
      else this.tags -= 1;
    }
  }
}

export function isBracket({ sign }: Opener): boolean {
  return sign.endsWith("[");
}

/** Emphasis and strikethrough: runs of `*`, `_` and `~` that open and close (CommonMark 6.2). */

import { type Piece, tagPiece, textPiece } from "./pieces.js";

interface Run {
  readonly piece: Piece;
  readonly at: number;
  readonly sign: string;
  readonly length: number;
  left: number;
  readonly canOpen: boolean;
  readonly canClose: boolean;
  previous: Run | null;
  next: Run | null;
}

const RUN = /\*+|_+|~+/y;
const SPACE = /^\s$/u;
const MARK = /^[\p{P}\p{S}]$/u;
/** Scripts without spaces between words, where a mark beside a run says nothing about it. */
const UNSPACED = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]$/u;

export class Delimiters {
  readonly #pieces: Piece[];
  #top: Run | null = null;

  constructor(pieces: Piece[]) {
    this.#pieces = pieces;
  }

  /** A place in the text so far, for `match` to go back to. */
  get mark(): Run | null {
    return this.#top;
  }

  /** Read the run at `at`, and return where it ends. */
  read(text: string, at: number): number {
    RUN.lastIndex = at;
    const run = RUN.exec(text)?.[0] ?? "";
    const sign = run[0] ?? "";
    const end = at + run.length;
    const before = characterBefore(text, at);
    const after = String.fromCodePoint(text.codePointAt(end) ?? 0x20);
    const [isLeft, isRight] = flanks(before, after);
    const isWord = sign === "_";
    const piece = textPiece(run);
    const canUse = sign !== "~" || run.length <= 2;
    this.#pieces.push(piece);
    const added: Run = {
      piece,
      at,
      sign,
      length: run.length,
      left: run.length,
      canOpen: canUse && isLeft && (!isWord || !isRight || MARK.test(before)),
      canClose: canUse && isRight && (!isWord || !isLeft || MARK.test(after)),
      previous: this.#top,
      next: null,
    };
    if (!added.canOpen && !added.canClose) return end;
    if (this.#top !== null) this.#top.next = added;
    this.#top = added;
    return end;
  }

  /**
   * Match the runs read since `mark`, and forget them. For each kind of closer it is remembered how
   * far down there is no opener, without which a thousand runs would cost a million steps.
   *
   * Runs that could still be closed, and are not before `openFrom`, are closed at the end.
   */
  match(mark: Run | null, openFrom = Number.POSITIVE_INFINITY): void {
    const bottoms = new Map<string, Run | null>();
    let closer = this.#after(mark);
    while (closer !== null) {
      if (!closer.canClose) {
        closer = closer.next;
        continue;
      }
      const key = `${closer.sign}${closer.canOpen}${closer.sign === "~" ? closer.left : closer.length % 3}`;
      const bottom = bottoms.get(key) ?? mark;
      let opener = closer.previous;
      while (opener !== null && opener !== bottom && opener !== mark && !fits(opener, closer)) {
        opener = opener.previous;
      }
      if (opener === null || opener === bottom || opener === mark) {
        bottoms.set(key, closer.previous);
        const next: Run | null = closer.next;
        if (!closer.canOpen) this.#remove(closer);
        closer = next;
        continue;
      }
      const used = closer.sign === "~" ? closer.left : Math.min(2, opener.left, closer.left);
      const name = nameOf(closer.sign, used);
      opener.piece.opens.unshift(name);
      closer.piece.closes.push(name);
      opener.next = closer;
      closer.previous = opener;
      take(opener, used);
      take(closer, used);
      if (opener.left === 0) this.#remove(opener);
      if (closer.left === 0) {
        const next: Run | null = closer.next;
        this.#remove(closer);
        closer = next;
      }
    }
    while (this.#top !== mark && this.#top !== null) {
      if (this.#top.at >= openFrom) this.#closeAtEnd(this.#top);
      this.#remove(this.#top);
    }
  }

  #closeAtEnd(run: Run): void {
    if (!run.canOpen) return;
    while (run.left > 0) {
      const used = Math.min(2, run.left);
      const name = nameOf(run.sign, used);
      run.piece.opens.unshift(name);
      this.#pieces.push(tagPiece(`/${name}`));
      take(run, used);
    }
  }

  #after(mark: Run | null): Run | null {
    let first = this.#top;
    if (first === mark) return null;
    while (first !== null && first.previous !== mark) first = first.previous;
    return first;
  }

  #remove(run: Run): void {
    if (run.previous !== null) run.previous.next = run.next;
    if (run.next === null) this.#top = run.previous;
    else run.next.previous = run.previous;
  }
}

function characterBefore(text: string, at: number): string {
  const unit = text[at - 1] ?? " ";
  return /[\udc00-\udfff]/.test(unit) ? text.slice(Math.max(0, at - 2), at) : unit;
}

/** Whether a run between two characters is left- and right-flanking. */
function flanks(before: string, after: string): [boolean, boolean] {
  const [isSpaceBefore, isSpaceAfter] = [SPACE.test(before), SPACE.test(after)];
  const [isMarkBefore, isMarkAfter] = [MARK.test(before), MARK.test(after)];
  const isLeft =
    !isSpaceAfter && (!isMarkAfter || isSpaceBefore || isMarkBefore || UNSPACED.test(before));
  const isRight =
    !isSpaceBefore && (!isMarkBefore || isSpaceAfter || isMarkAfter || UNSPACED.test(after));
  return [isLeft, isRight];
}

function fits(opener: Run, closer: Run): boolean {
  if (opener.sign !== closer.sign || !opener.canOpen) return false;
  if (closer.sign === "~") return opener.left === closer.left;
  const isBoth = closer.canOpen || opener.canClose;
  const isThird = (opener.length + closer.length) % 3 === 0 && closer.length % 3 !== 0;
  return !(isBoth && isThird);
}

function nameOf(sign: string, used: number): string {
  if (sign === "~") return "del";
  return used === 2 ? "strong" : "em";
}

function take(run: Run, used: number): void {
  run.left -= used;
  run.piece.text = run.sign.repeat(run.left);
  run.piece.html = run.piece.text;
}

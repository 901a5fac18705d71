/**
 * When to draw: in a frame of the browser's, and text that only grows not in each of them.
 *
 * A frame costs the same whether it brings one word or ten. Beyond some 16 a second nobody reads the
 * difference; the notebook around the chat has the time, and the battery, for itself.
 */

const INTERVAL = 60; // ms between two draws of growing text

/** Text that pauses is drawn sooner: nobody waits for the last letters. */
const PAUSE = 20; // ms

export class Pace {
  readonly #draw: () => void;
  #frame = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #grownAt = Number.NEGATIVE_INFINITY;

  constructor(draw: () => void) {
    this.#draw = draw;
  }

  /** Draw in the next frame. */
  soon(): void {
    this.#stopWaiting();
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw();
    });
  }

  /** Draw what is nothing but more text; the first of it is not kept waiting. */
  grown(): void {
    if (this.#frame !== 0) return;
    this.#stopWaiting();
    const wait = Math.min(this.#grownAt + INTERVAL - performance.now(), PAUSE);
    if (wait <= 0) this.#drawGrown();
    else this.#timer = setTimeout(() => this.#drawGrown(), wait);
  }

  close(): void {
    this.#stopWaiting();
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
  }

  #drawGrown(): void {
    this.#grownAt = performance.now();
    this.soon();
  }

  #stopWaiting(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

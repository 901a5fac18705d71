/** Timers that end with what set them. */

export type Timer = ReturnType<typeof setTimeout>;

export class Timers {
  readonly #running = new Set<Timer>();

  after(delay: number, act: () => void): Timer {
    const timer = setTimeout(() => {
      this.#running.delete(timer);
      act();
    }, delay);
    this.#running.add(timer);
    return timer;
  }

  cancel(timer: Timer | undefined): void {
    if (timer === undefined) return;
    clearTimeout(timer);
    this.#running.delete(timer);
  }

  close(): void {
    for (const timer of this.#running) clearTimeout(timer);
    this.#running.clear();
  }
}

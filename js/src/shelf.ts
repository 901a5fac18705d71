/** What the widgets of a page have got from their kernels, and what they wait for together. */

/** After this, whom else to ask is looked at again: the kernel may be gone, or in a long cell. */
export const PATIENCE = 30_000; // ms

/** How often one widget asks for one asset, at most: what it asked or got may have been lost. */
export const MAX_ASKED = 3;

/** A widget whose kernel has been heard. */
export interface Source {
  /** Whether its kernel is not gone since. */
  isLive(): boolean;
  ask(name: string): void;
}

interface Wanted {
  readonly promise: Promise<unknown>;
  readonly succeed: (module: unknown) => void;
  readonly fail: (reason: unknown) => void;
  asked: Source | null;
  isTaken: boolean;
}

export class Shelf {
  readonly modules = new Map<string, unknown>();
  readonly #import: (text: string) => Promise<unknown>;
  readonly #wanted = new Map<string, Wanted>();
  /** How often each has asked for what. */
  readonly #sources = new Map<Source, Map<string, number>>();

  constructor(importText: (text: string) => Promise<unknown>) {
    this.#import = importText;
  }

  /** Wait for an asset; rejects where there is no kernel to ask, and a later call tries again. */
  load(name: string): Promise<unknown> {
    const found = this.modules.get(name);
    if (found !== undefined) return Promise.resolve(found);
    return (this.#wanted.get(name) ?? this.#want(name)).promise;
  }

  /** `source` hears its kernel: what is wanted and nobody was asked for yet is asked for. */
  hear(source: Source): void {
    if (!this.#sources.has(source)) this.#sources.set(source, new Map());
    this.#ask();
  }

  /** `source` is no more; what it asked for, another one asks for. */
  leave(source: Source): void {
    this.#sources.delete(source);
    for (const wanted of this.#wanted.values()) {
      if (wanted.asked === source) wanted.asked = null;
    }
    this.#ask();
  }

  /** Take what a kernel has sent, if it is still waited for. */
  async take(name: string, text: string): Promise<void> {
    const wanted = this.#wanted.get(name);
    if (wanted === undefined || wanted.isTaken) return;
    wanted.isTaken = true;
    try {
      const module = await this.#import(text);
      this.modules.set(name, module);
      wanted.succeed(module);
    } catch (reason) {
      wanted.fail(reason);
    }
  }

  /** Give up waiting, as `reason` says. */
  refuse(name: string, reason: string): void {
    this.#wanted.get(name)?.fail(new Error(reason));
  }

  #want(name: string): Wanted {
    let succeed: Wanted["succeed"] = () => {};
    let fail: Wanted["fail"] = () => {};
    const promise = new Promise<unknown>((resolve, reject) => {
      const settle = (act: (value: unknown) => void) => (value: unknown) => {
        clearInterval(timer);
        this.#wanted.delete(name);
        act(value);
      };
      succeed = settle(resolve);
      fail = settle(reject);
    });
    const wanted: Wanted = { promise, succeed, fail, asked: null, isTaken: false };
    this.#wanted.set(name, wanted);
    const timer = setInterval(() => {
      wanted.asked = null;
      this.#ask();
      const isHopeless = [...this.#sources.keys()].every((source) => !source.isLive());
      if (isHopeless) fail(new Error(`There is no kernel to send ${name}.`));
    }, PATIENCE);
    this.#ask();
    return wanted;
  }

  #ask(): void {
    for (const [name, wanted] of this.#wanted) {
      if (wanted.asked !== null) continue;
      for (const [source, counts] of this.#sources) {
        const asked = counts.get(name) ?? 0;
        if (!source.isLive() || asked >= MAX_ASKED) continue;
        counts.set(name, asked + 1);
        wanted.asked = source;
        source.ask(name);
        break;
      }
    }
  }
}

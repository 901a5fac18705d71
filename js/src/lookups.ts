/** What a block refers to elsewhere: found while it is drawn, and looked at again when that changes. */

import type { BlockParser } from "./blocks.js";
import type { Drawn } from "./drawn.js";
import type { Notes } from "./notes.js";
import type { Scope } from "./targets.js";

export class Lookups {
  readonly #parser: BlockParser;
  readonly #notes: Notes;
  readonly #drawn = new Set<Drawn>();
  isWhole = false;

  constructor(parser: BlockParser, notes: Notes) {
    this.#parser = parser;
    this.#notes = notes;
  }

  /** Look things up for `drawn`, which is being drawn from its beginning. */
  scope(drawn: Drawn): Scope {
    drawn.lookups = null;
    this.#drawn.delete(drawn);
    return this.goOn(drawn);
  }

  /** Look things up for `drawn`, of which more is being drawn. */
  goOn(drawn: Drawn): Scope {
    const note = (key: string) => {
      drawn.lookups ??= new Map();
      // What was found first is what the beginning of a long text was drawn with.
      if (!drawn.lookups.has(key)) drawn.lookups.set(key, this.#look(key));
      this.#drawn.add(drawn);
    };
    return {
      isWhole: this.isWhole,
      definition: (label) => {
        note(`[${label}`);
        return this.#parser.definitions.get(label);
      },
      footnote: (label) => {
        note(`^${label}`);
        return this.#number(label);
      },
    };
  }

  forget(drawn: Drawn): void {
    this.#drawn.delete(drawn);
    for (const child of drawn.children) this.forget(child);
  }

  /** Number the footnotes in the order of the text, for which `root` holds all that is drawn. */
  renumber(root: Drawn): void {
    if (this.#notes.numbers.size === 0) return;
    this.#notes.numbers.clear();
    const visit = (drawn: Drawn): void => {
      for (const key of drawn.lookups?.keys() ?? []) this.#look(key);
      for (const child of drawn.children) visit(child);
    };
    visit(root);
  }

  /** Everything drawn that would look otherwise now. */
  outdated(): Drawn[] {
    return [...this.#drawn].filter(({ lookups }) =>
      [...(lookups ?? [])].some(([key, found]) => this.#look(key) !== found),
    );
  }

  #look(key: string): string {
    const label = key.slice(1);
    if (key.startsWith("^")) return String(this.#number(label));
    const definition = this.#parser.definitions.get(label);
    return definition === undefined ? String(this.isWhole) : ` ${definition.href}`;
  }

  /** A footnote that is not there yet is thought to come, as long as something may. */
  #number(label: string): number | undefined {
    const isThere = !this.isWhole || this.#parser.footnotes.has(label);
    return isThere ? this.#notes.number(label) : undefined;
  }
}

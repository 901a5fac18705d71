/**
 * A place in one line of Markdown, counted in characters and in columns.
 *
 * A tab reaches to the next column that four divides, and a container may take only a part of it
 * (CommonMark 2.2), so that the two counts differ.
 */

const TAB = 4;

export class Line {
  readonly text: string;
  offset = 0;
  /** Where the next character that is no space or tab stands; the line's length where none does. */
  content = 0;
  #column = 0;
  #contentColumn = 0;
  #isInTab = false;

  constructor(text: string) {
    this.text = text;
    this.#look();
  }

  /** Columns of white space from here to the content. */
  get indent(): number {
    return this.#contentColumn - this.#column;
  }

  get isBlank(): boolean {
    return this.content >= this.text.length;
  }

  get column(): number {
    return this.#column;
  }

  /** The content and all that follows it. */
  get rest(): string {
    return this.text.slice(this.content);
  }

  /** What is left of the line, the part of a tab that no container took as spaces. */
  get remainder(): string {
    if (!this.#isInTab) return this.text.slice(this.offset);
    return " ".repeat(TAB - (this.#column % TAB)) + this.text.slice(this.offset + 1);
  }

  isSpaceAt(offset: number): boolean {
    const character = this.text[offset];
    return character === " " || character === "\t";
  }

  /** Go on by `count` columns, or to the line's end. */
  skipColumns(count: number): void {
    let left = count;
    while (left > 0 && this.offset < this.text.length) {
      const width = this.text[this.offset] === "\t" ? TAB - (this.#column % TAB) : 1;
      const taken = Math.min(width, left);
      this.#isInTab = taken < width;
      this.#column += taken;
      if (!this.#isInTab) this.offset += 1;
      left -= taken;
    }
    if (this.offset > this.content) this.#look();
  }

  /** Take one space, or one column of a tab, where there is one. */
  skipSpace(): boolean {
    if (!this.isSpaceAt(this.offset)) return false;
    this.skipColumns(1);
    return true;
  }

  toContent(): void {
    this.offset = this.content;
    this.#column = this.#contentColumn;
    this.#isInTab = false;
  }

  /** Take `units` characters of the content, none of them a tab. */
  skipContent(units: number): void {
    this.toContent();
    this.skipColumns(units);
  }

  #look(): void {
    let offset = this.offset;
    let column = this.#column;
    for (; this.isSpaceAt(offset); offset += 1) {
      column += this.text[offset] === "\t" ? TAB - (column % TAB) : 1;
    }
    this.content = offset;
    this.#contentColumn = column;
  }
}

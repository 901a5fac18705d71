/**
 * One text, drawn as it grows: closed blocks are never touched again, the tail is appended to.
 *
 * A browser lays out a whole block for each letter that is added to it, so an answer in one block
 * costs its length squared. Blocks are closed at line ends, where a block's edge breaks the line as
 * the newline did; that newline then stays in the text but is not drawn.
 */

const BLOCK_UNITS = 2048;

export class PlainText {
  readonly element = document.createElement("span");
  #text = "";
  #tail = document.createTextNode("");

  constructor() {
    this.element.setAttribute("part", "content");
    this.#clear();
  }

  show(text: string): void {
    if (text === this.#text) return;
    if (!text.startsWith(this.#text)) this.#clear();
    this.#tail.appendData(text.slice(this.#text.length));
    this.#text = text;
    if (this.#tail.length > BLOCK_UNITS) this.#close();
  }

  #clear(): void {
    this.#text = "";
    this.element.replaceChildren();
    this.#open("");
  }

  #open(text: string): void {
    const tail = document.createElement("span");
    this.#tail = document.createTextNode(text);
    tail.append(this.#tail);
    this.element.append(tail);
  }

  #close(): void {
    const { data } = this.#tail;
    let cut = data.lastIndexOf("\n");
    // A block that ended in a newline would swallow the empty line that follows it.
    while (cut > 0 && data[cut - 1] === "\n") cut -= 1;
    if (cut <= 0) return;
    const newline = document.createElement("span");
    newline.hidden = true;
    newline.textContent = "\n";
    this.#tail.parentElement?.classList.add("block");
    this.#tail.deleteData(cut, data.length - cut);
    this.element.append(newline);
    this.#open(data.slice(cut + 1));
  }
}

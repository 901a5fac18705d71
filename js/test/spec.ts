/** The examples of the CommonMark specification, read from its text when the tests run. */

import text from "commonmark-spec/spec.txt?raw";

export interface Example {
  readonly number: number;
  readonly section: string;
  readonly markdown: string;
  readonly html: string;
}

const EXAMPLE = /^`{32} example\n([\s\S]*?)^\.\n([\s\S]*?)^`{32}$|^#{1,6} *(.*)$/gm;

export function readSpec(): Example[] {
  const found: Example[] = [];
  let section = "";
  for (const [, markdown, html, heading] of text.replace(/\r\n?/g, "\n").matchAll(EXAMPLE)) {
    if (heading !== undefined) section = heading;
    if (markdown === undefined || html === undefined) continue;
    const number = found.length + 1;
    const tabs = (one: string) => one.replaceAll("→", "\t");
    found.push({ number, section, markdown: tabs(markdown), html: tabs(html) });
  }
  return found;
}

/** What the buttons within a drawn text do. */

import { copyText } from "./clipboard.js";
import { icon } from "./icons.js";
import type { MarkdownText } from "./markdown-text.js";
import type { Strings } from "./strings.js";

const SHOWN = 2000; // ms

/** Do what the button at `target`, if it is at one, is there for. */
export function press(target: Element, text: MarkdownText): void {
  const button = target.closest("button");
  switch (button?.getAttribute("part")) {
    case "copy":
      void copyCode(button, text);
      break;
    case "fold":
      codeOf(button, text)?.toggleFold();
      break;
    case "footnote-ref":
      text.notes.goTo(Number(button.textContent), null);
      break;
    case "footnote-back":
      text.notes.goTo(text.notes.numberOf(button.parentElement), text.element);
  }
}

function codeOf(button: Element, text: MarkdownText) {
  const element = button.closest('[part~="code"]');
  return element === null ? undefined : text.codeAt(element);
}

async function copyCode(button: HTMLButtonElement, text: MarkdownText): Promise<void> {
  const code = codeOf(button, text);
  if (code === undefined) return;
  const isCopied = await copyText(code.source, button);
  sayCopied(button, isCopied, text.strings);
}

/** Say on a button, for a moment, whether something was copied. */
export function sayCopied(button: HTMLButtonElement, isCopied: boolean, strings: Strings): void {
  button.replaceChildren(
    icon(isCopied ? "copied" : "copy"),
    isCopied ? strings.copied : strings.copyFailed,
  );
  setTimeout(() => button.replaceChildren(icon("copy"), strings.copy), SHOWN);
}

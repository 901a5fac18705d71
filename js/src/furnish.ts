/**
 * What is added to sanitised nodes: boxes of tasks, the hosts of links, buttons of footnotes.
 *
 * All of it is built of elements and text nodes, and named by `part`; ids are not needed.
 */

import { icon } from "./icons.js";
import { hostToShow } from "./links.js";
import { fill, type Strings } from "./strings.js";

export function furnish(nodes: ParentNode, strings: Strings): void {
  for (const paragraph of nodes.querySelectorAll('p[part~="task"]')) {
    paragraph.prepend(makeBox(strings.task, paragraph));
  }
  for (const link of nodes.querySelectorAll("a")) furnishLink(link, strings.image);
  for (const note of nodes.querySelectorAll('sup[part="footnote"]')) {
    const number = note.textContent;
    note.replaceChildren(makeButton("footnote-ref", number, fill(strings.footnote, { number })));
  }
  for (const note of nodes.querySelectorAll('div[part="footnote-text"]')) {
    note.parentElement?.append(makeButton("footnote-back", "↩", strings.backToText));
    note.parentElement?.setAttribute("tabindex", "-1");
  }
  for (const table of nodes.querySelectorAll('div[part="table"]')) {
    table.setAttribute("role", "group");
    table.setAttribute("aria-label", strings.table);
    table.setAttribute("tabindex", "0");
  }
}

function makeBox(label: string, paragraph: Element): HTMLInputElement {
  const box = document.createElement("input");
  box.type = "checkbox";
  box.setAttribute("part", "box");
  box.disabled = true;
  box.setAttribute("aria-label", label);
  if (paragraph.getAttribute("part") === "task done") box.setAttribute("checked", "");
  return box;
}

function furnishLink(link: Element, nameless: string): void {
  const isImage = link.getAttribute("part") === "image";
  if (isImage && link.textContent === "") link.textContent = nameless;
  const href = link.getAttribute("href");
  const host = href === null ? null : hostToShow(link.textContent, href);
  if (isImage) link.prepend(icon("image"));
  if (host === null) return;
  const shown = document.createElement("span");
  shown.setAttribute("part", "host");
  shown.textContent = ` (${host})`;
  link.after(shown);
}

function makeButton(part: string, text: string, label: string): HTMLButtonElement {
  const button = document.createElement("button");
  button.type = "button";
  button.setAttribute("part", part);
  button.setAttribute("aria-label", label);
  button.textContent = text;
  return button;
}

/**
 * The last door: HTML -> nodes, and of nodes only those that a text may be made of.
 *
 * What comes in is what markdown.ts writes: tags, attributes in double quotes, four entities. No
 * parser of HTML ever reads it. Those repair what is broken, and between two repairs markup can
 * change its meaning; here what is not written exactly so is text, and a tag, an attribute or a
 * value that is not listed is not made. So nothing runs, loads, names or places itself, whatever a
 * mistake elsewhere may let a model's text become.
 */

import { realUrl } from "./links.js";

const TAGS = new Set(
  (
    "a b blockquote br code del div em h1 h2 h3 h4 h5 h6 hr i ins kbd li mark ol p pre s small span " +
    "strong sub sup table tbody td th thead tr u ul"
  ).split(" "),
);

/** Without an end tag. */
const VOID = new Set(["br", "hr"]);

const PARTS = new Set(
  "code code-bar display done footnote footnote-text image invisible language lines loose math rest table task tight unbroken".split(
    " ",
  ),
);

/** The values that an attribute may have; where a link leads is judged by `pinLink`. */
const ATTRIBUTES: Readonly<Record<string, (value: string) => boolean>> = {
  align: (value) => /^(?:left|center|right)$/.test(value),
  colspan: (value) => /^\d{1,4}$/.test(value),
  part: (value) => value.split(" ").every((part) => PARTS.has(part)),
  start: (value) => /^\d{1,9}$/.test(value),
};

const TOKEN = /<(\/?)([a-z][a-z0-9]*)((?: [a-z]+="[^"<>]*")*)>|[^<]+|</g;
const ATTRIBUTE = / ([a-z]+)="([^"]*)"/g;

const ENTITIES: Readonly<Record<string, string>> = {
  "&amp;": "&",
  "&lt;": "<",
  "&gt;": ">",
  "&quot;": '"',
};

/** Return `html` as nodes; what is open at its end is closed there. */
export function sanitise(html: string): DocumentFragment {
  const fragment = document.createDocumentFragment();
  const open: Element[] = [];
  let parent: ParentNode & Node = fragment;
  let text = "";
  const flush = () => {
    if (text !== "") parent.appendChild(document.createTextNode(resolve(text)));
    text = "";
  };
  for (const [token, slash, name = "", attributes = ""] of html.matchAll(TOKEN)) {
    if (!TAGS.has(name)) text += token;
    else if (slash !== "") {
      if (open.at(-1)?.localName !== name) continue;
      flush();
      open.pop();
      parent = open.at(-1) ?? fragment;
    } else {
      flush();
      const element = makeElement(name, attributes);
      parent.appendChild(element);
      if (VOID.has(name)) continue;
      open.push(element);
      parent = element;
    }
  }
  flush();
  return fragment;
}

function makeElement(name: string, attributes: string): Element {
  const element = document.createElement(name);
  for (const [, key = "", escaped = ""] of attributes.matchAll(ATTRIBUTE)) {
    const value = resolve(escaped);
    if (name === "a" && key === "href") pinLink(element, value);
    else if (Object.hasOwn(ATTRIBUTES, key) && ATTRIBUTES[key]?.(value)) {
      element.setAttribute(key, value);
    }
  }
  return element;
}

function resolve(text: string): string {
  return text.includes("&")
    ? text.replace(/&(?:amp|lt|gt|quot);/g, (entity) => ENTITIES[entity] ?? entity)
    : text;
}

/** Let a link lead to where it says, in a page of its own that learns nothing about this one. */
function pinLink(link: Element, href: string): void {
  const url = realUrl(href);
  if (url === null) return;
  // The path of a `mailto:` keeps what would be markup to whoever writes these nodes as HTML again.
  const address = url.href.replace(/[<>"]/g, encodeURIComponent);
  link.setAttribute("href", address);
  link.setAttribute("title", address);
  link.setAttribute("target", "_blank");
  link.setAttribute("rel", "noopener noreferrer nofollow");
}

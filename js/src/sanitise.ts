/**
 * The last door: HTML -> a fragment in which nothing runs, loads, names or places itself.
 *
 * What is let through is what markdown.ts writes, by tag, attribute and value; whatever a mistake
 * there, or in a parser of HTML, would let a model's text become ends here.
 */

import { realUrl } from "./links.js";
import { makePurifier, type Purifier } from "./purifier.js";

const TAGS =
  "a b blockquote br code del div em h1 h2 h3 h4 h5 h6 hr i ins kbd li mark ol p pre s small span " +
  "strong sub sup table tbody td th thead tr u ul";

/** Of the attributes, `part` is only ours to write: the values are checked below. */
const ATTRIBUTES = ["align", "colspan", "href", "part", "start"];

const PARTS = new Set(
  "code code-bar display done footnote footnote-text image invisible language lines loose math rest table task tight unbroken".split(
    " ",
  ),
);

const CONFIG = {
  ALLOWED_TAGS: TAGS.split(" "),
  ALLOWED_ATTR: ATTRIBUTES,
  ALLOW_SELF_CLOSE_IN_ATTR: false,
  ALLOW_UNKNOWN_PROTOCOLS: false,
  ALLOWED_URI_REGEXP: /^(?:https?|mailto):/i,
  // Attributes that hold no address, which else would have to match that, too.
  ADD_URI_SAFE_ATTR: ATTRIBUTES.filter((name) => name !== "href"),
  ALLOWED_NAMESPACES: ["http://www.w3.org/1999/xhtml"],
};

let purifier: Purifier | null = null;
let template: HTMLTemplateElement | null = null;

/**
 * Return what is harmless of `html`, as nodes of this document.
 *
 * The HTML is parsed once, in the document of a template, where nothing runs or loads, and its nodes
 * are cleaned and used as they are. Between a parser, a serialiser and a second parser, markup can
 * change its meaning; and a document for each piece would cost more than all else in a frame.
 */
export function sanitise(html: string): DocumentFragment {
  purifier ??= makeHtmlPurifier();
  template ??= document.createElement("template");
  const { content } = template;
  const root = content.ownerDocument.createElement("div");
  content.replaceChildren(root);
  root.innerHTML = html;
  purifier.sanitize(root);
  const fragment = document.createDocumentFragment();
  fragment.append(...root.childNodes);
  content.replaceChildren();
  return fragment;
}

function makeHtmlPurifier(): Purifier {
  const made = makePurifier(CONFIG);
  made.addHook("afterSanitizeAttributes", (element) => {
    const parts = element.getAttribute("part");
    if (parts !== null && !parts.split(" ").every((part) => PARTS.has(part))) {
      element.removeAttribute("part");
    }
    if (element.localName === "a") pinLink(element);
  });
  return made;
}

/** Let a link lead to where it says, in a page of its own that learns nothing about this one. */
function pinLink(link: Element): void {
  const url = realUrl(link.getAttribute("href"));
  link.removeAttribute("href");
  if (url === null) return;
  link.setAttribute("href", url.href);
  link.setAttribute("title", url.href);
  link.setAttribute("target", "_blank");
  link.setAttribute("rel", "noopener noreferrer nofollow");
}

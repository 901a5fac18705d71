/** The style sheets of every view of the page, in each view's own shadow root. */

import ACTIONS from "./actions.css?raw";
import CONVERSATIONS from "./conversations.css?raw";
import MARKDOWN from "./markdown.css?raw";
import MATH from "./math.css?raw";
import STYLES from "./styles.css?raw";

const CSS_TEXT = `${STYLES}${CONVERSATIONS}${ACTIONS}${MARKDOWN}${MATH}`;

let shared: CSSStyleSheet | null = null;

/** Give `root` the sheet; where none can be shared, a copy in an element of its own. */
export function adoptStyles(root: ShadowRoot | Document): void {
  try {
    shared ??= makeSheet();
    // A sheet belongs to the document that made it, and a view may be in another window's.
    root.adoptedStyleSheets = [shared];
  } catch {
    const style = document.createElement("style");
    style.textContent = CSS_TEXT;
    (root instanceof Document ? root.head : root).append(style);
  }
}

function makeSheet(): CSSStyleSheet {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(CSS_TEXT);
  return sheet;
}

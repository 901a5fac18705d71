/** The style sheets of every view of the page, in each view's own shadow root. */

import ACTIONS from "./actions.css?raw";
import MARKDOWN from "./markdown.css?raw";
import STYLES from "./styles.css?raw";

const SHEET = `${STYLES}${ACTIONS}${MARKDOWN}`;

const sheets = new Map<string, CSSStyleSheet>();

/** Give `root` the sheet that every view has. */
export function adoptStyles(root: ShadowRoot | Document): void {
  adoptSheet(root, SHEET);
}

/** Give `root` a sheet, once; where none can be shared, a copy in an element of its own. */
export function adoptSheet(root: ShadowRoot | Document, css: string): void {
  try {
    const sheet = sheets.get(css) ?? new CSSStyleSheet();
    if (!sheets.has(css)) sheet.replaceSync(css);
    sheets.set(css, sheet);
    // A sheet belongs to the document that made it, and a view may be in another window's.
    const others = root.adoptedStyleSheets.filter((one) => one !== sheet);
    root.adoptedStyleSheets = [...others, sheet];
  } catch {
    const holder = root instanceof Document ? root.head : root;
    const copies = [...holder.querySelectorAll("style")];
    if (copies.some((copy) => copy.textContent === css)) return;
    const style = document.createElement("style");
    style.textContent = css;
    holder.append(style);
  }
}

/**
 * Make old nodes equal to new ones, and keep every old one that can stay: what the reader has
 * selected stays selected, and the browser lays out again only what is new.
 */

/** Give `parent` the children of `next` in place of its own, but for the first `from`. */
export function patchChildren(parent: Node, next: Node, from = 0): void {
  let old: ChildNode | null = parent.childNodes[from] ?? null;
  let added = next.firstChild;
  while (old !== null && added !== null) {
    const [nextOld, nextAdded]: (ChildNode | null)[] = [old.nextSibling, added.nextSibling];
    patch(old, added);
    [old, added] = [nextOld ?? null, nextAdded ?? null];
  }
  while (old !== null) {
    const { nextSibling }: ChildNode = old;
    old.remove();
    old = nextSibling;
  }
  while (added !== null) {
    const { nextSibling }: ChildNode = added;
    parent.appendChild(added);
    added = nextSibling;
  }
}

function patch(old: ChildNode, next: ChildNode): void {
  if (old instanceof Text && next instanceof Text) {
    if (old.data === next.data) return;
    if (next.data.startsWith(old.data)) old.appendData(next.data.slice(old.length));
    else old.data = next.data;
  } else if (old instanceof Element && next instanceof Element && isAlike(old, next)) {
    // A formula has its source as an attribute, and is the same where that is.
    if (old.localName !== "math") patchChildren(old, next);
  } else old.replaceWith(next);
}

export function isAlike(a: Element, b: Element): boolean {
  if (a.localName !== b.localName || a.attributes.length !== b.attributes.length) return false;
  for (const { name, value } of a.attributes) if (b.getAttribute(name) !== value) return false;
  return true;
}

/**
 * Append to `element`, which was made of the HTML `before`, what `after` has more, where that is
 * nothing but letters at its end; returns false where it is more. Most frames of a stream are that.
 */
export function appendText(element: Element | null, before: string, after: string): boolean {
  const end = `</${element?.localName}>`;
  const last = element?.lastChild;
  const start = before.slice(0, -end.length);
  if (!(last instanceof Text) || !after.startsWith(start) || !after.endsWith(end)) return false;
  const added = after.slice(start.length, -end.length);
  if (start.endsWith(">") || /[<&]/.test(added)) return false;
  last.appendData(added);
  return true;
}

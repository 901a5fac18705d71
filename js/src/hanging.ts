/** A panel in the top layer, where neither its card nor the notebook's output area clips it. */

/** Between the panel, what it hangs from, and the window's edges, in CSS pixels. */
const GAP = 6;

/** Hang `panel` below `anchor`, or stand it on top where more room is there, within the window. */
export function hang(panel: HTMLElement, anchor: Element, height: number): void {
  const { style, ownerDocument } = panel;
  const { top, bottom, left } = anchor.getBoundingClientRect();
  const { clientWidth, clientHeight } = ownerDocument.documentElement;
  const below = clientHeight - bottom - 2 * GAP;
  const above = top - 2 * GAP;
  const isBelow = below >= Math.min(above, height / 2);
  style.maxHeight = `${Math.max(0, Math.min(height, isBelow ? below : above))}px`;
  style.top = isBelow ? `${bottom + GAP}px` : "auto";
  style.bottom = isBelow ? "auto" : `${clientHeight - top + GAP}px`;
  const right = clientWidth - panel.offsetWidth - GAP;
  style.left = `${Math.max(GAP, Math.min(left, right))}px`;
}

/** Hang it anew wherever the page's scrolling and resizing takes its anchor, until `signal`. */
export function keepHanging(page: Window, place: () => void, signal: AbortSignal): void {
  page.addEventListener("resize", place, { signal });
  page.addEventListener("scroll", place, { capture: true, passive: true, signal });
}

/** Browsers of before 2024 leave the panel in the page, where the output area may clip it. */
export function hasPopover(element: HTMLElement): boolean {
  return typeof element.showPopover === "function";
}

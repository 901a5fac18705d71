/** Elements, each made in one line. */

type Child = Node | string;

/** Make an element of the shadow part `part`, with what is in it. */
export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  part: string,
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  element.setAttribute("part", part);
  element.append(...children);
  return element;
}

/** Make a box that nobody but our own style sheet knows. */
export function makeBox(className: string, ...children: readonly Child[]): HTMLDivElement {
  const box = document.createElement("div");
  box.className = className;
  box.append(...children);
  return box;
}

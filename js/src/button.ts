/** Buttons, and why one of them cannot be pressed now. */

import { type Icon, icon } from "./icons.js";

/** Make a button with its text; where `isBare`, only those get that who do not see the icon. */
export function makeButton(part: string, name: Icon | null, text: string, isBare = false) {
  const button = document.createElement("button");
  button.type = "button";
  button.setAttribute("part", part);
  if (name !== null) button.append(icon(name));
  if (isBare) {
    button.setAttribute("aria-label", text);
    button.title = text;
  } else {
    const label = document.createElement("span");
    label.textContent = text;
    button.append(label);
  }
  return button;
}

/**
 * Disable `button` where there is an obstacle, and say which; `title` is what it says else.
 *
 * A truly disabled button could not be reached to hear why, and would lose the next key to the
 * notebook where it had the focus.
 */
export function setObstacle(button: HTMLButtonElement, obstacle: string | null, title = ""): void {
  if (obstacle === null) button.removeAttribute("aria-disabled");
  else button.setAttribute("aria-disabled", "true");
  button.title = obstacle ?? title;
}

export function isObstructed(button: HTMLButtonElement): boolean {
  return button.getAttribute("aria-disabled") === "true";
}

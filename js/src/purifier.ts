/** What cleans nodes in their place; the bundle has it, and assets take it from there. */

import DOMPurify, { type Config } from "dompurify";

export type Purifier = ReturnType<typeof DOMPurify>;

/** Make an instance of our own, which no other user of the library in this page can reconfigure. */
export function makePurifier(config: Config): Purifier {
  const made = DOMPurify(window);
  if (!made.isSupported) throw new Error("This browser cannot sanitise HTML.");
  made.setConfig({
    ALLOW_ARIA_ATTR: false,
    ALLOW_DATA_ATTR: false,
    IN_PLACE: true,
    SANITIZE_DOM: true,
    ...config,
  });
  return made;
}

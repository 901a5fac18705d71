/** Colours finished code when there is time for it; without the asset, it stays as it is. */

import { loadAsset } from "./assets.js";
import { adoptSheet } from "./sheet.js";

/** Longer code is left as it is: it would take longer than a frame. */
const MAX_UNITS = 20_000; // UTF-16 code units

/** As long as any piece of code may take; in a shorter rest of a frame, none is begun. */
const SLICE = 8; // ms

interface Task {
  readonly code: Element;
  readonly source: string;
  readonly language: string;
}

const tasks: Task[] = [];

/** Colour `code`, the element that shows `source`; the latest first, as it is what is looked at. */
export function highlight(code: Element, source: string, language: string): void {
  if (language === "" || source === "" || source.length > MAX_UNITS) return;
  tasks.push({ code, source, language });
  if (tasks.length === 1) void work();
}

async function work(): Promise<void> {
  try {
    const { css, drawTokens, tokenise } = await loadAsset("highlight");
    while (tasks.length > 0) {
      const deadline = await idle();
      do {
        const { code, source, language } = tasks.pop() as Task;
        const root = code.getRootNode();
        // Code that is in no page any more, or in none yet, is not looked at.
        if (!(root instanceof ShadowRoot || root instanceof Document)) continue;
        const runs = tokenise(source, language);
        if (runs === null) continue;
        adoptSheet(root, css);
        drawTokens(code, source, runs);
      } while (tasks.length > 0 && deadline.timeRemaining() > SLICE);
    }
  } catch {
    tasks.length = 0;
  }
}

/** Safari has no such callback. */
function idle(): Promise<Pick<IdleDeadline, "timeRemaining">> {
  return new Promise((resolve) => {
    if (typeof requestIdleCallback === "function") requestIdleCallback(resolve);
    else setTimeout(() => resolve({ timeRemaining: () => 0 }), 50);
  });
}

/** Colours finished code when there is time for it; without the asset, it stays as it is. */

import { loadAsset } from "./assets.js";
import { adoptSheet } from "./sheet.js";

/** Longer code is left as it is: to draw it would take longer than a frame. */
const MAX_UNITS = 20_000; // UTF-16 code units

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
    for (let task = tasks.at(-1); task !== undefined; task = tasks.at(-1)) {
      const { code, source, language } = task;
      const runs = code.isConnected ? await tokenise(source, language) : null;
      if (runs !== null) await idle();
      tasks.splice(tasks.indexOf(task), 1);
      const root = code.getRootNode();
      // It may have been taken out of the page meanwhile.
      if (runs === null || !(root instanceof ShadowRoot || root instanceof Document)) continue;
      adoptSheet(root, css);
      drawTokens(code, source, runs);
    }
  } catch {
    tasks.length = 0;
  }
}

/** Safari has no such callback. */
function idle(): Promise<unknown> {
  return new Promise((resolve) => {
    if (typeof requestIdleCallback === "function") requestIdleCallback(resolve);
    else setTimeout(resolve, 50);
  });
}

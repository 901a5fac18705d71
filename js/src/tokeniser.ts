/** Has code cut into tokens by a worker, one piece after the other, and not for ever. */

import type { Run } from "./tokens.js";
import SCRIPT from "./tokens-worker.ts?raw";

/** Enough for any code that a person wrote. */
const PATIENCE = 1000; // ms

/** After so many pieces that took longer, none is looked at any more: somebody means it. */
const MAX_LATE = 5;

let worker: Worker | null = null;
let late = 0;
let last: Promise<unknown> = Promise.resolve();

/** Cut `code` into its tokens, or return null where they are not known, or not known in time. */
export function tokenise(code: string, language: string): Promise<readonly Run[] | null> {
  const next = last.then(() => (late < MAX_LATE ? ask({ code, language }) : null));
  last = next;
  return next;
}

function ask(piece: { code: string; language: string }): Promise<readonly Run[] | null> {
  return new Promise((resolve) => {
    const asked = worker ?? start();
    worker = asked;
    const giveUp = () => {
      asked.terminate();
      worker = null;
      late += 1;
      resolve(null);
    };
    const timer = setTimeout(giveUp, PATIENCE);
    asked.onmessage = ({ data }) => {
      clearTimeout(timer);
      resolve(data);
    };
    asked.onerror = () => {
      clearTimeout(timer);
      giveUp();
    };
    asked.postMessage(piece);
  });
}

function start(): Worker {
  const url = URL.createObjectURL(new Blob([SCRIPT], { type: "text/javascript" }));
  const made = new Worker(url);
  URL.revokeObjectURL(url);
  return made;
}

/** What runs apart from the page, as some code takes the library's patterns seconds to see through. */

import { tokenise } from "./tokens.js";

addEventListener("message", ({ data }: MessageEvent<{ code: string; language: string }>) => {
  postMessage(tokenise(data.code, data.language));
});

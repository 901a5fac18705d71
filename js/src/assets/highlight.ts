/** The asset that colours code. */

export { default as css } from "../highlight.css?raw";
export { drawTokens } from "../token-spans.js";
export { tokenise } from "../tokeniser.js";

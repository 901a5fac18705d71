/** The asset that attaches things of the notebook, which are the kernel's to know. */

export { default as css } from "../context.css?raw";
export { ContextBar } from "../context-bar.js";

/** The asset with the editor of a question, which only a kernel can take. */

export { default as css } from "../editor.css?raw";
export { Editor } from "../editor.js";

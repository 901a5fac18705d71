/** What draws formulas: some 200 kB that a page loads with the first of them. */

export { default as css } from "../math.css?raw";
export { drawFormulas } from "../math-drawing.js";

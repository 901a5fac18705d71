/** Icons, drawn with a stroke of the text's colour on a grid of 16 by 16. */

const PATHS = {
  send: "M8 13V3M3.5 7.5 8 3l4.5 4.5",
  stop: "M4.5 4.5h7v7h-7z",
  jump: "M8 3v10M3.5 8.5 8 13l4.5-4.5",
  retry: "M13 8a5 5 0 1 1-1.6-3.7M13 2v3h-3",
  copy: "M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8z",
  edit: "M10.5 3.2l2.3 2.3L5.5 12.8l-3 .7.7-3zM9 4.7 11.3 7",
  remove: "M2.5 4.5h11M6 4.5V2.8h4v1.7M4 4.5l.6 8.7h6.8l.6-8.7M6.6 7v3.8M9.4 7v3.8",
  copied: "M3 8.5 6.5 12 13 4.5",
  image: "M2 3h12v10H2zM2 11l3.5-3.5L9 11M8 10l2.5-2.5L14 11M10.5 5.6v.1",
  stopped: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM6 6h4v4H6z",
  interrupted: "M8 2.5 14.2 13.2H1.8zM8 6.5v3M8 11.4v.1",
  error: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM6 6l4 4M10 6l-4 4",
  conversations: "M2.5 4h11M2.5 8h11M2.5 12h6.5",
  new: "M8 3v10M3 8h10",
  rename: "M3 13l.7-3.2 6.8-6.8 2.5 2.5-6.8 6.8zM9 4.5 11.5 7",
  save: "M3 8.5 6.5 12 13 4.5",
  cancel: "M4 4l8 8M12 4l-8 8",
} as const;

export type Icon = keyof typeof PATHS;

const SVG = "http://www.w3.org/2000/svg";

/** Make an icon that only the eye gets: its meaning is always in a text beside it. */
export function icon(name: Icon): SVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("part", `icon ${name}-icon`);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("part", "stroke");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

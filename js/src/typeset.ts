/**
 * TeX -> MathML, by Temml.
 *
 * What comes out is not safe yet, and goes through sanitise-math.ts. Here it is made to do without
 * what will not get through there: Temml says in classes and styles what MathML Core has no
 * attributes for, and of that the little that is needed becomes a `part`, for math.css.
 */

import temml from "temml";

/** More of an em than any formula needs: a number that says more is taken for this one. */
const MAX_SIZE: [number, number] = [20, 200];
const MAX_EXPANSIONS = 400;
const MAX_MARKUP = 60_000;

/** All that can be nested: the parser calls itself for each, and a browser's stack is short. */
const NESTING = /[{\p{Ps}\p{Pi}\p{M}]|\\(?:left|begin|rm|sf|tt|bf|it)(?![a-zA-Z])/gu;
const MAX_NESTING = 400;

/** A formula that defines macros can be made to grow beyond any limit that Temml knows. */
const DEFINITION =
  /\\(?:[egx]?def|let|futurelet|global|(?:re)?newcommand|providecommand)(?![a-zA-Z])/;

const PARTS: Readonly<Record<string, string>> = {
  "tml-left": "left",
  "tml-right": "right",
  "tml-overline": "over",
  "tml-underline": "under",
  "tml-jot": "wide-rows",
  "tml-xcancel": "strike-up strike-down",
  upstrike: "strike-up",
  downstrike: "strike-down",
  sout: "strike",
};

let template: HTMLTemplateElement | null = null;

/** Return the `math` element of a formula, not yet sanitised; throws what is wrong with the TeX. */
export function typeset(tex: string, isDisplay: boolean): Element {
  if (DEFINITION.test(tex)) throw new Error("Macros cannot be defined here");
  if ((tex.match(NESTING)?.length ?? 0) > MAX_NESTING) throw new Error("Too much is nested");
  const markup = temml.renderToString(tex, {
    displayMode: isDisplay,
    throwOnError: true,
    trust: false,
    maxExpand: MAX_EXPANSIONS,
    maxSize: MAX_SIZE,
  });
  if (markup.length > MAX_MARKUP) throw new Error("Too long when typeset");
  template ??= document.createElement("template");
  // A browser that knows `menclose` would draw it, and what stands for it, too.
  template.innerHTML = markup.replaceAll("<menclose", "<mrow").replaceAll("</menclose>", "</mrow>");
  const math = template.content.firstElementChild;
  template.content.replaceChildren();
  if (math === null) throw new Error("Nothing to show");
  for (const element of math.querySelectorAll("[class], [style]")) simplify(element);
  for (const rule of math.querySelectorAll("mspace[mathbackground]")) {
    rule.setAttribute("part", "rule");
  }
  return math;
}

function simplify(element: Element): void {
  const parts = new Set<string>();
  for (const name of element.classList) {
    for (const part of PARTS[name]?.split(" ") ?? []) parts.add(part);
  }
  const style = new Map(
    (element.getAttribute("style") ?? "").split(";").map((one) => {
      const [name = "", value = ""] = one.split(":");
      return [name.trim(), value.trim()];
    }),
  );
  for (const [name, value] of style) {
    if (/^padding-(?:left|right)$/.test(name)) {
      const width = Number.parseFloat(value);
      if (width === 0) parts.add(`flush-${name.slice(8)}`);
      else if (value === "1em") parts.add(`wide-${name.slice(8)}`);
    } else if (/^border-\w+$/.test(name)) parts.add(`line-${name.slice(7)}`);
    else if (name === "border") parts.add("box");
    else if (name === "math-depth") parts.add("full");
    else if (name === "color") element.setAttribute("mathcolor", value);
    else if (name === "width" && value === "50%") parts.add("margin");
  }
  // A struck out element has another one of nothing but the stroke as its last.
  const isStroke = [...parts].some((part) => part.startsWith("strike"));
  const target = isStroke ? (element.parentElement ?? element) : element;
  if (parts.size > 0) target.setAttribute("part", [...parts].join(" "));
}

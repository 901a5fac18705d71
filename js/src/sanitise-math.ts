/**
 * The last door of formulas: MathML in which nothing runs, loads, leads anywhere or leaves its place.
 *
 * Elements that hold HTML, in which a parser changes from one language to the other, are not among
 * those that are let through, and neither is anything of HTML: what an attack by mutation needs. The
 * nodes that were checked are the ones that are used; no text of them is parsed again.
 */

import DOMPurify, { type Config } from "dompurify";

type Purifier = ReturnType<typeof DOMPurify>;

const MATHML = "http://www.w3.org/1998/Math/MathML";

const TAGS =
  "math mfrac mi mmultiscripts mn mo mover mpadded mphantom mprescripts mroot mrow mspace msqrt " +
  "mstyle msub msubsup msup mtable mtd mtext mtr munder munderover";

const FLAG = /^(?:true|false)$/;
const PARTS = new Set(
  (
    "box flush-left flush-right full left line-bottom line-left line-right line-top margin over " +
    "right rule strike strike-down strike-up under wide-left wide-right wide-rows"
  ).split(" "),
);

/** What a value must look like; of a length also how much it may be. */
const VALUES: Readonly<Record<string, RegExp>> = {
  accent: FLAG,
  columnspan: /^\d{1,2}$/,
  display: /^block$/,
  displaystyle: FLAG,
  fence: FLAG,
  form: /^(?:prefix|infix|postfix)$/,
  largeop: FLAG,
  mathcolor: /^#[0-9a-f]{6}$/i,
  mathvariant: /^normal$/,
  movablelimits: FLAG,
  scriptlevel: /^[+-]?[0-3]$/,
  separator: FLAG,
  stretchy: FLAG,
  symmetric: FLAG,
};
const LENGTHS: Readonly<Record<string, readonly [number, number]>> = {
  depth: [-1, 20],
  height: [-1, 20],
  linethickness: [0, 1],
  lspace: [-1, 4],
  mathsize: [0.3, 2.5],
  maxsize: [0, 20],
  minsize: [0, 20],
  rspace: [-1, 4],
  voffset: [-2, 2],
  width: [-1, 40],
};
const LENGTH = /^([+-]?\d{0,3}(?:\.\d{1,6})?)(em|ex|pt|px|)$/;
const EMS: Readonly<Record<string, number>> = { em: 1, ex: 0.5, pt: 0.1, px: 0.07, "": 1 };

const CONFIG: Config = {
  ALLOW_ARIA_ATTR: false,
  ALLOW_DATA_ATTR: false,
  IN_PLACE: true,
  SANITIZE_DOM: true,
  ALLOWED_TAGS: ["#text", ...TAGS.split(" ")],
  ALLOWED_ATTR: [...Object.keys(VALUES), ...Object.keys(LENGTHS), "part"],
  ALLOWED_NAMESPACES: [MATHML],
  KEEP_CONTENT: false,
};

let purifier: Purifier | null = null;

/** Clean a `math` element in its place; throws where what is left would not be one. */
export function sanitiseMath(element: Element): Element {
  purifier ??= makeMathPurifier();
  purifier.sanitize(element);
  for (const one of [element, ...element.querySelectorAll("*")]) {
    if (one.namespaceURI !== MATHML) throw new Error(`expected MathML, got <${one.localName}>`);
  }
  if (element.localName !== "math") throw new Error(`expected <math>, got <${element.localName}>`);
  return element;
}

/** An instance of our own, which no other user of the library in this page can reconfigure. */
function makeMathPurifier(): Purifier {
  const made = DOMPurify(window);
  if (!made.isSupported) throw new Error("This browser cannot sanitise MathML.");
  made.setConfig(CONFIG);
  made.addHook("uponSanitizeAttribute", (_, data) => {
    data.keepAttr = isAllowed(data.attrName, data.attrValue);
    // Whether a value is an address that may be followed is no question here: none is.
    data.forceKeepAttr = data.keepAttr;
  });
  return made;
}

function isAllowed(name: string, value: string): boolean {
  if (name === "part") return value.split(" ").every((part) => PARTS.has(part));
  if (Object.hasOwn(VALUES, name)) return VALUES[name]?.test(value) ?? false;
  const range = Object.hasOwn(LENGTHS, name) ? LENGTHS[name] : undefined;
  const [, number, unit] = LENGTH.exec(value) ?? [];
  if (range === undefined || !number || unit === undefined) return false;
  const ems = Number(number) * (EMS[unit] ?? 0);
  return ems >= range[0] && ems <= range[1];
}

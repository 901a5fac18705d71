// What may be in a drawn text, written down anew: nothing here is taken from the renderer. Every
// node, attribute and value that is not listed is harm, whatever it would do.
(() => {
  const words = (text) => new Set(text.split(" "));

  const TAGS = words(
    "a b blockquote br button code del div em h1 h2 h3 h4 h5 h6 hr i input ins kbd li mark ol p " +
      "pre s section small span strong sub sup table tbody td th thead tr u ul",
  );
  const PARTS = words(
    "box code code-bar content copy cursor done folded fold footnote footnote-back footnote-ref footnote-text " +
      "footnotes host icon image invisible language lines loose rest section stroke table task tight unfolded copy-icon copied-icon image-icon " +
      "math display unbroken insert new-icon token " +
      "attribute builtin comment keyword meta number operator string tag title",
  );
  const label = /^[^<>]{1,60}$/;
  const ATTRIBUTES = {
    a: { href: /^(?:https?:\/\/|mailto:)[^\s<>"\\]*$/, title: /./, target: /^_blank$/, rel: /./ },
    th: { align: /^(?:left|center|right)$/ },
    td: { align: /^(?:left|center|right)$/, colspan: /^\d+$/ },
    ol: { start: /^\d{1,9}$/ },
    input: { type: /^checkbox$/, disabled: /^$/, checked: /^$/, "aria-label": label },
    button: { type: /^button$/, "aria-label": label, "aria-expanded": /^(?:true|false)$/ },
    div: { role: /^group$/, "aria-label": label, tabindex: /^0$/ },
    section: { role: /^group$/, "aria-label": label, hidden: /^$/ },
    pre: { tabindex: /^0$/ },
    // What is wrong with a formula that could not be drawn, and one that is scrolled.
    code: { title: /^This formula cannot be typeset: .{1,120}$/s },
    span: { role: /^group$/, "aria-label": label, tabindex: /^0$/ },
    li: { tabindex: /^-1$/ },
  };
  const SVG = {
    svg: { viewBox: /^0 0 16 16$/, "aria-hidden": /^true$/ },
    path: { d: /^[\dMmLlHhVvCcAaZz .,-]+$/ },
  };

  // MathML Core without whatever holds HTML, links, or says how it looks in CSS.
  const MATH_PARTS = words(
    "box flush-left flush-right full left line-bottom line-left line-right line-top margin over right rule " +
      "strike strike-down strike-up under wide-left wide-right wide-rows",
  );
  const length = /^[+-]?\d{0,3}(?:\.\d+)?(?:em|ex|pt|px)?$/;
  const flag = /^(?:true|false)$/;
  const layout = {
    displaystyle: flag, scriptlevel: /^[+-]?[0-3]$/, mathcolor: /^#[\da-fA-F]{6}$/, mathsize: length,
  };
  const script = { ...layout, accent: flag };
  const sign = {
    ...layout, fence: flag, form: /^(?:prefix|infix|postfix)$/, largeop: flag, lspace: length, rspace: length,
    maxsize: length, minsize: length, movablelimits: flag, separator: flag, stretchy: flag, symmetric: flag,
    accent: flag,
  };
  const space = { ...layout, width: length, height: length, depth: length, voffset: length, lspace: length };
  const MATH = {
    math: { ...layout, display: /^block$/, alttext: /./s },
    mi: { ...layout, mathvariant: /^normal$/ },
    mo: sign, mspace: space, mpadded: space,
    mfrac: { ...layout, linethickness: length },
    mtd: { ...layout, columnspan: /^\d{1,2}$/ },
    mover: script, munder: script, munderover: script,
    ...Object.fromEntries(
      [..."mmultiscripts mn mphantom mprescripts mroot mrow msqrt mstyle msub msubsup msup mtable mtext mtr"
        .split(" ")].map((name) => [name, layout]),
    ),
  };
  const NAMESPACES = {
    "http://www.w3.org/1999/xhtml": ATTRIBUTES,
    "http://www.w3.org/2000/svg": SVG,
    "http://www.w3.org/1998/Math/MathML": MATH,
  };

  // In code these are named, not left to work unseen; joiners and selectors may stand in an emoji.
  const UNSEEN = /[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\u2028\u2029]/u;
  const EMOJI = /\p{ExtPict}\p{EMod}?\ufe0f?(?:\u200d\p{ExtPict}\p{EMod}?\ufe0f?)*|\p{ExtPict}\ufe0e/gu;

  function* nodes(root) {
    for (const node of root.childNodes) {
      yield node;
      yield* nodes(node);
      if (node.shadowRoot) yield* nodes(node.shadowRoot);
      if (node.content instanceof DocumentFragment) yield* nodes(node.content);
    }
  }

  function harmOfElement(element) {
    const { localName: name, namespaceURI } = element;
    const found = [];
    const known = NAMESPACES[namespaceURI];
    const isTag = known === ATTRIBUTES ? TAGS.has(name) : known !== undefined && name in known;
    if (!isTag) return [`<${name}> of ${namespaceURI}`];
    if (NAMESPACES[element.parentElement?.namespaceURI] === MATH && known !== MATH) {
      return [`<${name}> within MathML`];
    }
    for (const { name: key, value } of element.attributes) {
      const isGood =
        key === "part"
          ? value.split(" ").every((part) => (known === MATH ? MATH_PARTS : PARTS).has(part))
          : known[name]?.[key]?.test(value);
      if (!isGood) found.push(`<${name} ${key}=${JSON.stringify(value)}>`);
    }
    if (element.shadowRoot) found.push(`<${name}> with a shadow root`);
    if (name === "a") found.push(...harmOfLink(element));
    return found;
  }

  function harmOfLink(link) {
    const href = link.getAttribute("href");
    if (href === null) return link.target || link.title ? ["a link to nowhere with a title"] : [];
    const found = [];
    if (!["http:", "https:", "mailto:"].includes(link.protocol)) found.push(`a link to ${href}`);
    if (new URL(href).href !== href) found.push(`an address that is not whole: ${href}`);
    if (link.title !== href) found.push(`a link whose title is not its address: ${link.title}`);
    if (link.target !== "_blank") found.push(`a link into this page: ${href}`);
    for (const rel of ["noopener", "noreferrer"]) {
      if (!link.relList.contains(rel)) found.push(`a link without ${rel}: ${href}`);
    }
    return found;
  }

  /** Every harm in `root`, in words; [] where there is none. */
  function harms(root) {
    const found = [];
    for (const node of nodes(root)) {
      if (node.nodeType === Node.ELEMENT_NODE) found.push(...harmOfElement(node));
      else if (node.nodeType !== Node.TEXT_NODE) found.push(`a node of type ${node.nodeType}`);
    }
    for (const code of root.querySelectorAll("code")) {
      const seen = code.textContent.replace(EMOJI, "").replace(/[\n\t]/g, "");
      const unseen = UNSEEN.exec(seen)?.[0];
      if (unseen) found.push(`U+${unseen.codePointAt(0).toString(16)} unseen in code`);
    }
    return found;
  }

  /** What of the drawing would leave its place, or fetch something for its looks. */
  function strays(root) {
    const found = [];
    for (const element of root.querySelectorAll("*")) {
      const style = getComputedStyle(element);
      if (!["static", "relative"].includes(style.position)) found.push(`position: ${style.position}`);
      if (style.zIndex !== "auto") found.push(`z-index: ${style.zIndex}`);
      for (const key of ["backgroundImage", "listStyleImage", "content", "cursor", "filter"]) {
        if (style[key].includes("url(")) found.push(`${key}: ${style[key]}`);
      }
    }
    return found;
  }

  /** Links that do not say, from left to right, which host they lead to. */
  function unnamed(root) {
    const found = [];
    for (const link of root.querySelectorAll("a[href]")) {
      const real = realHost(link);
      const shown = link.nextElementSibling;
      const isBeside = shown?.getAttribute("part") === "host" && shown.textContent.includes(real);
      const isSaid = link.textContent.startsWith(`https://${real}/`);
      if (!isBeside && !isSaid) found.push(`${real} is not shown beside "${link.textContent}"`);
      else if (isBackwards(isBeside ? shown : link, real)) found.push(`${real} is shown backwards`);
    }
    return found;
  }

  /** The host of a link's address, or everyone whom a mail to it would reach. */
  function realHost(link) {
    const { protocol, host, pathname, searchParams } = new URL(link.href);
    if (protocol !== "mailto:") return host;
    const others = ["to", "cc", "bcc"].flatMap((name) => searchParams.getAll(name));
    return [decodeURIComponent(pathname), ...others].filter((one) => one !== "").join(", ");
  }

  /** Whether any letter of `word` is drawn left of the one before. */
  function isBackwards(element, word) {
    const text = element.firstChild;
    const place = (at) => {
      const range = document.createRange();
      range.setStart(text, at);
      range.setEnd(text, at + 1);
      return range.getBoundingClientRect();
    };
    const first = text.data.indexOf(word);
    for (let at = first + 1; at < first + word.length; at += 1) {
      const [before, after] = [place(at - 1), place(at)];
      if (before.top === after.top && before.left >= after.left && after.width > 0) return true;
    }
    return false;
  }

  /** Point at, focus and press everything; a link's own action is held back. */
  function touch(root) {
    const hold = (event) => {
      if (event.target.closest?.("a")) event.preventDefault();
    };
    document.addEventListener("click", hold);
    for (const element of root.querySelectorAll("*")) {
      for (const type of ["pointerover", "mouseover", "mouseenter", "pointerdown", "mousedown"]) {
        element.dispatchEvent(new MouseEvent(type, { bubbles: true }));
      }
      if (element.matches("a, button, [tabindex]")) element.focus();
      element.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
      element.dispatchEvent(new AnimationEvent("animationstart", { bubbles: true }));
    }
    document.activeElement?.blur();
    document.removeEventListener("click", hold);
  }

  const SHELL = words("article div button span strong em i li ol p section svg path textarea time input h2 ul");

  /**
   * Every harm in a whole view: answers are looked at as such, questions are text and nothing else,
   * and what is around them may have classes and data of its own, but nothing that acts or loads.
   */
  function harmsOfView(view) {
    const found = [];
    for (const content of view.querySelectorAll("[data-role] [part=content]")) {
      const isAnswer = content.closest("[data-role]").dataset.role === "assistant";
      if (isAnswer) found.push(...harms(content));
      else if (content.childElementCount > 0) found.push(`a question with ${content.innerHTML}`);
    }
    for (const element of view.querySelectorAll("*")) {
      if (element.closest("[part=content]")) continue;
      if (!SHELL.has(element.localName)) found.push(`<${element.localName}> in the view`);
      for (const { name, value } of element.attributes) {
        const isOurs = name !== "id" || value.startsWith("pw-");
        const isPlace = name === "style" && /^(?:[a-z-]+: (?:-?[\d.]+px|auto);? ?)+$/.test(value);
        const isPlain = !/^(?:on|src|srcset|href|action|formaction|style|name|is$|slot$)/.test(name);
        if (!isOurs || !(isPlain || isPlace)) found.push(`<${element.localName} ${name}=${JSON.stringify(value)}>`);
      }
    }
    return found;
  }

  globalThis.harmless = { harms, harmsOfView, strays, unnamed, touch };
})();

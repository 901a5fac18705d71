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
      "footnotes host icon image invisible language lines loose rest section stroke table task tight unfolded copy-icon copied-icon image-icon",
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
    section: { "aria-label": label, hidden: /^$/ },
    pre: { tabindex: /^0$/ },
    li: { tabindex: /^-1$/ },
  };
  const SVG = {
    svg: { viewBox: /^0 0 16 16$/, "aria-hidden": /^true$/ },
    path: { d: /^[\dMmLlHhVvCcAaZz .,-]+$/ },
  };
  const NAMESPACES = { "http://www.w3.org/1999/xhtml": ATTRIBUTES, "http://www.w3.org/2000/svg": SVG };

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
    for (const { name: key, value } of element.attributes) {
      const isGood =
        key === "part"
          ? value.split(" ").every((part) => PARTS.has(part))
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

  globalThis.harmless = { harms, strays, unnamed, touch };
})();

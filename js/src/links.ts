/** Where a link leads, and whether its text says something else. */

const SCHEMES = new Set(["http:", "https:", "mailto:"]);
/** What a reader would take for a host: a name with dots in it, or four numbers. */
const HOST =
  /(?<![\p{L}\p{M}\p{N}\p{So}_-])(?:[\p{L}\p{M}\p{N}\p{So}_-]+\.)+[\p{L}\p{M}\p{N}-]{2,}|\d+(?:\.\d+){3}|\blocalhost\b/giu;
/** … or whatever stands where a host would: behind slashes, before a port, in brackets. */
const AUTHORITY =
  /(?:https?:[\\/]*|[\\/]{2,})([^\s\\/?#]+)|[\p{L}\p{N}-]+:\d{2,5}(?!\d)|\[[\da-f:.]+\]/giu;
const INVISIBLE = /[\p{Cf}\p{DI}]/gu;
/** Characters that show others in another order than they have. */
const REORDERING = /[\u202a-\u202e\u2066-\u2069]/;

/** Return the address that may be followed; a relative one would lead into the notebook's server. */
export function realUrl(href: string | null): URL | null {
  if (href === null) return null;
  try {
    const url = new URL(href);
    return SCHEMES.has(url.protocol) ? url : null;
  } catch {
    return null;
  }
}

/** Return the host that `href` leads to, where `text` looks like an address of another. */
export function hostToShow(text: string, href: string): string | null {
  const url = realUrl(href);
  if (url === null) return null;
  const real = url.protocol === "mailto:" ? recipients(url) : url.host;
  if (REORDERING.test(text)) return real;
  // Letters of other alphabets look like those of this one; the name in ASCII does not.
  if (/(?:^|\.)xn--/.test(url.hostname)) return real;
  const visible = text.normalize("NFKC").replace(INVISIBLE, "").replace(/[。｡]/g, ".").trim();
  if (isSameAddress(visible, url)) return null;
  const authorities = [...visible.matchAll(AUTHORITY)].map(([all, host]) => host ?? all);
  const claims = [...(visible.match(HOST) ?? []), ...authorities];
  const isTrue = claims.every((host) => bare(host) === bare(url.hostname) || real === host);
  return isTrue ? null : real;
}

/** Whether the text is the address itself, path and all, in which dots mean nothing. */
function isSameAddress(text: string, url: URL): boolean {
  if (url.protocol === "mailto:") return text === recipients(url) || text === url.href;
  try {
    const said = new URL(/^[a-z][a-z0-9+.-]*:/i.test(text) ? text : `http://${text}`);
    const isBare = !/\s/.test(text) && said.username === "" && url.username === "";
    return isBare && bare(said.host) === bare(url.host);
  } catch {
    return false;
  }
}

/** Everyone who would get the mail: some may be named behind the question mark only. */
function recipients(url: URL): string {
  const others = [...url.searchParams].filter(([name]) => /^(?:to|cc|bcc)$/i.test(name));
  return [decode(url.pathname), ...others.map(([, to]) => to)].filter(Boolean).join(", ");
}

function bare(host: string): string {
  return host.toLowerCase().replace(/^www\./, "");
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Where a link leads, and whether its text says something else. */

const SCHEMES = new Set(["http:", "https:", "mailto:"]);
const HOST = /(?:[\p{L}\p{N}_-]+\.)+[\p{L}\p{N}-]{2,}/gu;
const INVISIBLE = /[\p{Cf}\p{DI}]/gu;

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
  const real = url.protocol === "mailto:" ? url.pathname : url.host;
  // Letters of other alphabets look like those of this one; the name in ASCII does not.
  if (/(?:^|\.)xn--/.test(url.hostname)) return real;
  const visible = text.normalize("NFKC").replace(INVISIBLE, "").replace(/[。｡]/g, ".").trim();
  if (isSameAddress(visible, url)) return null;
  const hosts = visible.match(HOST) ?? [];
  const isTrue = hosts.every((host) => bare(host) === bare(url.hostname) || real === host);
  return isTrue ? null : real;
}

/** Whether the text is the address itself, path and all, in which dots mean nothing. */
function isSameAddress(text: string, url: URL): boolean {
  if (url.protocol === "mailto:") return text === decode(url.pathname) || text === url.href;
  try {
    const said = new URL(/^[a-z][a-z0-9+.-]*:/i.test(text) ? text : `http://${text}`);
    return !/\s/.test(text) && bare(said.host) === bare(url.host) && url.username === "";
  } catch {
    return false;
  }
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

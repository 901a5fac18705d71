/** What stands in angle brackets: the few tags that are taken over, any other, and addresses. */

/** Tags that a model may use: none of them loads, runs, names or places anything. */
const TAGS = "b|br|code|del|em|i|ins|kbd|mark|s|small|strong|sub|sup|u";
export const OWN_TAG = new RegExp(`<(/?)(${TAGS})[ \\t\\n]*(/?)>`, "iy");
/** What HTML would take for markup: it is shown as the text that it is, with nothing read in it. */
export const ANY_TAG =
  /<(?:[a-zA-Z][a-zA-Z0-9-]*(?:\s+[a-zA-Z_:][\w.:-]*(?:\s*=\s*(?:[^\s"'=<>`]+|'[^']*'|"[^"]*"))?)*\s*\/?|\/[a-zA-Z][a-zA-Z0-9-]*\s*|\?(?:[^?]|\?(?!>))*\?|![A-Za-z][^>]*|!--[\s\S]*?--)>/y;
export const URI = /<([a-zA-Z][a-zA-Z0-9+.-]{1,31}:[^\s<>]*)>/y;
export const EMAIL =
  /<([\w.!#$%&'*+/=?^`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*)>/y;

/**
 * One style sheet for every view of the page, in each view's own shadow root.
 *
 * Colours are JupyterLab's where it defines them, and so follow its theme; elsewhere they follow
 * the reader's. What is not Lab's is mixed from what is, so that any theme stays legible.
 */

import { ACTIONS_CSS } from "./action-styles.js";
import { CONVERSATION_CSS } from "./conversation-styles.js";
import { MARKDOWN_CSS } from "./markdown-styles.js";

const CSS_TEXT = `
:host, :root {
  --bg: var(--jp-layout-color1, #fff);
  --fg: var(--jp-content-font-color1, #1c2024);
  --line: var(--jp-border-color2, #dcdfe4);
  --accent: var(--jp-brand-color1, #1a66d6);
  --danger: var(--jp-error-color1, #c62828);
  --caution: var(--jp-warn-color0, #a85b00);
  --on-accent: #fff;
  --muted: color-mix(in srgb, var(--fg) 68%, var(--bg));
  --tint: color-mix(in srgb, var(--accent) 11%, var(--bg));
  --raised: color-mix(in srgb, var(--fg) 5%, var(--bg));
  --hover: color-mix(in srgb, var(--fg) 9%, var(--bg));
  --code: color-mix(in srgb, var(--fg) 3.5%, var(--bg));
  --link: var(--jp-content-link-color, var(--accent));
  display: block;
  min-width: 0;
}
@media (prefers-color-scheme: dark) {
  :host, :root {
    --bg: var(--jp-layout-color1, #16181c);
    --fg: var(--jp-content-font-color1, #e7e9ec);
    --line: var(--jp-border-color2, #34383f);
    --accent: var(--jp-brand-color1, #4a8df0);
    --danger: var(--jp-error-color1, #ff7b72);
    --caution: var(--jp-warn-color0, #e3a343);
  }
}
*, ::before, ::after { box-sizing: border-box; }
[hidden] { display: none !important; }
.card {
  display: flex;
  flex-direction: column;
  overflow: hidden;
  border: 1px solid var(--line);
  border-radius: 12px;
  background: var(--bg);
  color: var(--fg);
  font: 400 var(--jp-content-font-size1, 14px) / 1.6
    var(--jp-content-font-family, system-ui, -apple-system, "Segoe UI", sans-serif);
}
button, textarea { font: inherit; color: inherit; margin: 0; }
button { cursor: pointer; }
:is(button, summary):focus-visible, [part="log"]:focus-visible {
  outline: 2px solid var(--accent);
  outline-offset: 2px;
}
[part="log"]:focus-visible { outline-offset: -2px; border-radius: 10px; }
.icon {
  flex: none;
  width: 1em;
  height: 1em;
  fill: none;
  stroke: currentColor;
  stroke-width: 1.75;
  stroke-linecap: round;
  stroke-linejoin: round;
}
.icon.stop { fill: currentColor; }

.header { border-bottom: 1px solid var(--line); }
[part="title"] {
  padding: 8px 16px;
  font-size: 0.93em;
  font-weight: 600;
  overflow-wrap: anywhere;
}
[part="notice"] {
  padding: 6px 16px;
  border-bottom: 1px solid var(--line);
  background: var(--raised);
  color: var(--muted);
  font-size: 0.86em;
  overflow-wrap: anywhere;
}
${CONVERSATION_CSS}
.scroller { position: relative; min-height: 0; }
[part="log"] {
  display: flex;
  flex-direction: column;
  gap: 30px;
  max-height: min(480px, 75vh);
  min-height: 88px;
  padding: 16px 16px 30px;
  overflow: hidden auto;
  overflow-anchor: none;
  overscroll-behavior: auto;
  contain: content;
  /* Of its own, so that scrolling moves it and paints nothing again. */
  background: var(--bg);
  scrollbar-width: thin;
  scrollbar-color: color-mix(in srgb, var(--fg) 30%, transparent) transparent;
}
.roomy [part="log"] { min-height: min(480px, 75vh); }
.empty { margin: auto; color: var(--muted); text-align: center; }
[part="suggestions"] {
  display: flex;
  flex-wrap: wrap;
  justify-content: center;
  gap: 8px;
  margin-top: 14px;
}
[part="suggestion"] {
  padding: 5px 14px;
  border: 1px solid var(--line);
  border-radius: 16px;
  background: transparent;
  color: var(--fg);
  overflow-wrap: anywhere;
}
[part="suggestion"]:hover:enabled { border-color: var(--accent); background: var(--tint); }
[part="suggestion"]:disabled { color: var(--muted); cursor: default; }
[part="jump"] {
  position: absolute;
  bottom: 10px;
  left: 50%;
  display: flex;
  align-items: center;
  gap: 6px;
  padding: 3px 12px;
  border: 1px solid var(--line);
  border-radius: 999px;
  background: var(--bg);
  box-shadow: 0 2px 8px rgb(0 0 0 / 16%);
  font-size: 0.86em;
  white-space: nowrap;
  transform: translateX(-50%);
}
[part="jump"]:hover, [part="retry"]:hover { background: var(--raised); }

[part="message"] { flex: none; min-width: 0; max-width: 100%; contain: layout style; }
[part="message"][data-role="user"] { align-self: flex-end; max-width: min(85%, 42em); }
[part="body"] { overflow-wrap: anywhere; }
:is([part="reasoning"], [part="tool"]) { margin-bottom: 6px; color: var(--muted); font-size: 0.93em; }
summary { width: fit-content; border-radius: 4px; overflow-wrap: anywhere; cursor: pointer; }
summary:hover { color: var(--fg); }
.folded {
  margin: 4px 0 10px 4px;
  padding-left: 12px;
  border-left: 2px solid var(--line);
  overflow-wrap: anywhere;
  white-space: pre-wrap;
}
[data-role="user"] [part="body"] {
  width: fit-content;
  margin-left: auto;
  padding: 8px 14px;
  border: 1px solid transparent;
  border-radius: 16px 16px 4px;
  background: var(--tint);
}
[data-status="pending"] [part="body"] {
  border: 1px dashed color-mix(in srgb, var(--fg) 35%, var(--bg));
  background: transparent;
  color: var(--muted);
}
[part="cursor"] {
  display: inline-block;
  width: 0.5em;
  height: 1.05em;
  margin-left: 2px;
  border-radius: 1px;
  background: currentColor;
  vertical-align: -0.18em;
  animation: blink 1.1s steps(2, jump-none) infinite;
}
:host([data-phase="stopping"]) [part="cursor"] { visibility: hidden; }
:host([data-phase="stopping"]) .dots i { animation: none; }
[part="thinking"] { display: inline-flex; align-items: center; gap: 10px; color: var(--muted); }
.dots { display: inline-flex; gap: 4px; }
.dots i {
  width: 6px;
  height: 6px;
  border-radius: 50%;
  background: currentColor;
  animation: pulse 1.2s ease-in-out infinite;
}
.dots i:nth-child(2) { animation-delay: 0.16s; }
.dots i:nth-child(3) { animation-delay: 0.32s; }
[part="ending"], [part="note"] {
  display: flex;
  flex-wrap: wrap;
  gap: 4px 7px;
  margin-top: 8px;
  color: var(--muted);
  font-size: 0.9em;
  overflow-wrap: anywhere;
}
[part="body"][hidden] + [part="ending"] { margin-top: 0; }
[part="note"] { justify-content: flex-end; margin-top: 4px; }
[part="ending"] strong { color: var(--fg); font-weight: 600; }
[part="ending"] > span { flex: 0 1 auto; min-width: 0; max-width: calc(100% - 2em); }
[part="ending"] .icon { margin-top: 0.3em; }
[part="retry"] .icon { margin-top: 0; }
[part="ending"] .error { color: var(--danger); }
[part="ending"] .interrupted { color: var(--caution); }
[part="retry"] {
  display: inline-flex;
  align-items: center;
  gap: 6px;
  padding: 0 10px;
  border: 1px solid var(--line);
  border-radius: 999px;
  background: transparent;
  color: var(--fg);
}

[part="composer"] {
  display: flex;
  align-items: flex-end;
  gap: 8px;
  margin: 6px 12px 0;
  padding: 5px 5px 5px 14px;
  border: 1px solid color-mix(in srgb, var(--fg) 50%, var(--bg));
  border-radius: 20px;
  background: var(--bg);
}
[part="composer"]:focus-within {
  border-color: var(--accent);
  box-shadow: 0 0 0 1px var(--accent);
}
[part="input"] {
  flex: 1;
  min-width: 0;
  min-height: 30px;
  max-height: 160px;
  padding: 4px 0;
  border: 0;
  outline: 0;
  background: transparent;
  line-height: 22px;
  resize: none;
  overflow-y: auto;
  scrollbar-width: thin;
  field-sizing: content;
}
[part="input"]::placeholder { color: var(--muted); opacity: 1; }
[part="send"], [part="stop"] {
  flex: none;
  display: grid;
  place-items: center;
  width: 30px;
  height: 30px;
  padding: 0;
  border: 1px solid transparent;
  border-radius: 50%;
  background: var(--accent);
  color: var(--on-accent);
  font-size: 16px;
}
[part="stop"] { background: var(--fg); color: var(--bg); }
[part="send"]:hover, [part="stop"]:hover { filter: brightness(1.12); }
[part="send"]:disabled, [part="input"]:placeholder-shown + [part="send"] {
  background: color-mix(in srgb, var(--fg) 14%, var(--bg));
  color: var(--muted);
  filter: none;
}
[part="send"]:disabled { cursor: default; }
.footer {
  container-type: inline-size;
  display: flex;
  justify-content: space-between;
  gap: 16px;
  min-height: 30px;
  padding: 5px 16px 7px 26px;
  color: var(--muted);
  font-size: 0.82em;
  line-height: 18px;
}
[part="status"] { min-width: 0; overflow-wrap: anywhere; }
:host(:is([data-phase="lost"], [data-unheard])) [part="status"] { color: var(--fg); font-weight: 600; }
.hint { flex: none; white-space: nowrap; }
@container (max-width: 460px) { .hint { display: none; } }

@keyframes blink { from { opacity: 1; } to { opacity: 0.15; } }
@keyframes pulse { 0%, 60%, 100% { opacity: 0.3; } 30% { opacity: 1; } }
@media (prefers-reduced-motion: reduce) {
  [part="cursor"], .dots i { animation: none; }
}
@media (forced-colors: active) {
  [part~="code"], [part="fold"], kbd, :not(pre) > code { border: 1px solid; }
  [part="cursor"], .dots i { background: CanvasText; forced-color-adjust: none; }
  [part="composer"]:focus-within { outline: 2px solid Highlight; }
  [part="send"], [part="stop"] { border-color: ButtonText; }
}
${ACTIONS_CSS}${MARKDOWN_CSS}`;

let shared: CSSStyleSheet | null = null;

/** Give `root` the sheet; where none can be shared, a copy in an element of its own. */
export function adoptStyles(root: ShadowRoot | Document): void {
  try {
    shared ??= makeSheet();
    // A sheet belongs to the document that made it, and a view may be in another window's.
    root.adoptedStyleSheets = [shared];
  } catch {
    const style = document.createElement("style");
    style.textContent = CSS_TEXT;
    (root instanceof Document ? root.head : root).append(style);
  }
}

function makeSheet(): CSSStyleSheet {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(CSS_TEXT);
  return sheet;
}

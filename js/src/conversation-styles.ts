/** The header's buttons and the list that they open: a part of the one sheet. */

export const CONVERSATION_CSS = `
.header {
  container-type: inline-size;
  display: flex;
  align-items: center;
}
.header [part="title"] { flex: 1; min-width: 0; }
.menu { display: flex; flex: none; gap: 4px; padding: 5px 8px; }
[part="title"][hidden] + .menu { flex: 1; justify-content: space-between; }
[part="conversations"], [part="new"],
[part="conversation-keep"], [part="conversation-confirm"] {
  display: inline-flex;
  align-items: center;
  gap: 7px;
  padding: 2px 10px;
  border: 1px solid transparent;
  border-radius: 8px;
  background: transparent;
  font-size: 0.93em;
  white-space: nowrap;
}
[part="conversations"]:hover, [part="new"]:hover, [part="conversations"][aria-expanded="true"] {
  background: var(--raised);
}
[part="conversation-list"] {
  position: fixed;
  inset: auto;
  z-index: 1000;
  flex-direction: column;
  width: min(360px, calc(100vw - 12px));
  margin: 0;
  padding: 0;
  overflow: hidden;
  border: 1px solid var(--line);
  border-radius: 12px;
  outline: 0;
  background: var(--bg);
  color: var(--fg);
  box-shadow: 0 8px 28px rgb(0 0 0 / 22%), 0 1px 4px rgb(0 0 0 / 12%);
}
[part="conversation-list"]:not([popover]) { display: flex; }
[part="conversation-list"]:popover-open { display: flex; }
[part="conversation-notice"], [part="conversation-empty"] {
  margin: 0;
  padding: 8px 14px;
  overflow-wrap: anywhere;
}
[part="conversation-empty"] {
  padding-block: 28px;
  color: var(--muted);
  text-align: center;
}
[part="conversation-notice"] {
  flex: none;
  border-bottom: 1px solid var(--line);
  background: var(--raised);
  font-size: 0.86em;
  line-height: 1.45;
}
[part="conversation-list"] ul {
  min-height: 0;
  margin: 0;
  padding: 6px;
  overflow: hidden auto;
  overscroll-behavior: contain;
  list-style: none;
  scrollbar-width: thin;
  scrollbar-color: color-mix(in srgb, var(--fg) 30%, transparent) transparent;
}
[part="conversation-list"] ul:empty { display: none; }
[part="conversation"], .edit {
  display: flex;
  align-items: center;
  gap: 2px;
  min-width: 0;
}
[part="conversation"] {
  min-height: 50px;
  padding-right: 6px;
  border-radius: 8px;
}
.edit { flex: 1; gap: 6px; }
.edit > div { flex: 1; min-width: 0; padding: 4px 10px; }
.edit strong { display: block; color: var(--danger); font-size: 0.86em; line-height: 1.4; }
[part="conversation"]:hover, [part="conversation"]:focus-within { background: var(--raised); }
[part="conversation"][data-current] { background: var(--tint); }
[part="conversation"][data-current] .name { font-weight: 600; }
[part="conversation-open"] {
  flex: 1;
  min-width: 0;
  padding: 4px 10px;
  border: 0;
  border-radius: 8px;
  background: transparent;
  text-align: start;
}
[part="conversation"] .name {
  display: block;
  overflow: hidden;
  line-height: 1.45;
  text-align: match-parent;
  text-overflow: ellipsis;
  white-space: nowrap;
}
[part="conversation"] time {
  display: block;
  color: var(--muted);
  font-size: 0.82em;
  line-height: 1.4;
}
[part="conversation-rename"], [part="conversation-remove"],
[part="conversation-save"], [part="conversation-cancel"] {
  flex: none;
  display: grid;
  place-items: center;
  width: 30px;
  height: 30px;
  padding: 0;
  border: 1px solid transparent;
  border-radius: 8px;
  background: transparent;
  color: var(--muted);
}
[part="conversation"] button:not([part="conversation-open"]):hover {
  background: color-mix(in srgb, var(--fg) 10%, var(--bg));
}
[part="conversation-keep"], [part="conversation-confirm"] {
  flex: none;
  padding-inline: 9px;
  border-color: var(--line);
  background: var(--bg);
}
[part="conversation-confirm"] { border-color: currentColor; color: var(--danger); }
[part="conversation-title"] {
  flex: 1;
  min-width: 0;
  margin: 0 4px;
  padding: 4px 8px;
  border: 1px solid color-mix(in srgb, var(--fg) 50%, var(--bg));
  border-radius: 8px;
  outline: 0;
  background: var(--bg);
  color: inherit;
  font: inherit;
}
[part="conversation-title"]:focus {
  border-color: var(--accent);
  box-shadow: 0 0 0 1px var(--accent);
}
.menu button:focus-visible { outline-offset: -2px; }
.menu button[aria-disabled="true"] {
  color: var(--muted);
  cursor: default;
}
.menu button[aria-disabled="true"] time { color: inherit; }
.menu button[aria-disabled="true"]:hover { background: transparent; }
@container (max-width: 420px) {
  [part="title"]:not([hidden]) + .menu > button > span { display: none; }
  .menu > button { min-height: 30px; }
}
@media (forced-colors: active) {
  [part="conversations"], [part="new"] { border-color: ButtonBorder; }
  [part="conversation"][data-current] { outline: 1px solid Highlight; outline-offset: -1px; }
  [part="conversation-title"]:focus { outline: 2px solid Highlight; }
  .menu button[aria-disabled="true"] { color: GrayText; }
}
`;

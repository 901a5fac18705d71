/** How the actions of a message look, and the text area in which a question is edited. */

export const ACTIONS_CSS = `
.foot {
  display: flex;
  align-items: center;
  gap: 10px;
  height: 24px;
  margin: 3px -5px -24px;
  color: var(--muted);
  font-size: 0.93em;
  white-space: nowrap;
}
[data-role="user"] .foot { flex-direction: row-reverse; }
[part="actions"] { display: flex; gap: 2px; }
:is([part="actions"], [part="about"]) { opacity: 0; transition: opacity 0.12s; }
[part="message"]:is(:hover, :focus-within) .foot > *,
[data-role="assistant"]:last-child [part="actions"] { opacity: 1; }
@media (hover: none) { .foot > * { opacity: 1; } }
[part="about"] { min-width: 0; overflow: hidden; font-size: 0.9em; text-overflow: ellipsis; }
[part="actions"] button {
  display: inline-flex;
  align-items: center;
  justify-content: center;
  gap: 5px;
  min-width: 24px;
  height: 24px;
  padding: 0 5px;
  border: 0;
  border-radius: 6px;
  background: transparent;
}
[part="actions"] button:hover { background: var(--hover); color: var(--fg); }
[part="actions"] button:disabled { opacity: 0.45; background: transparent; cursor: default; }
[part="actions"] button[data-asking] { color: var(--danger); }
[data-editing] > :is([part="body"], .foot) { display: none; }
[part="message"][data-editing] { align-self: stretch; max-width: none; }
[part="editor"] {
  padding: 10px 12px;
  border: 1px solid var(--accent);
  border-radius: 16px;
  background: var(--bg);
}
[part="edit-input"] {
  display: block;
  width: 100%;
  max-height: 240px;
  padding: 0;
  border: 0;
  outline: 0;
  background: transparent;
  resize: none;
  field-sizing: content;
}
.buttons { display: flex; justify-content: flex-end; gap: 8px; margin-top: 8px; }
.buttons button {
  padding: 2px 14px;
  border: 1px solid var(--line);
  border-radius: 999px;
  background: transparent;
}
.buttons [part="edit-send"] { border-color: transparent; background: var(--accent); color: var(--on-accent); }
[part="edit-send"]:disabled { opacity: 0.5; }
`;

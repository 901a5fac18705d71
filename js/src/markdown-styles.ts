/** How Markdown looks: the rules for what is within a drawn text. */

export const MARKDOWN_CSS = `
.plain { white-space: pre-wrap; tab-size: 4; }
[part="content"] { min-width: 0; overflow-wrap: anywhere; }
[part="content"] > *, blockquote > *, li > *, [part="footnote-text"] > * { margin: 0; }
[part="content"] > * + * { margin-top: 0.8em; }
blockquote > * + *, li > * + *, [part="footnote-text"] > * + * { margin-top: 0.6em; }
[part="content"] :is(h1, h2, h3, h4, h5, h6) { font-weight: 650; line-height: 1.3; }
[part="content"] > :is(h1, h2, h3, h4, h5, h6):not(:first-child) { margin-top: 1.25em; }
[part="content"] > :is(h1, h2, h3, h4, h5, h6) + * { margin-top: 0.5em; }
[part="section"] {
  contain: layout style paint;
  contain-intrinsic-size: auto 800px;
  overflow-clip-margin: 4px;
}
[part="section"]:not(:last-child) { content-visibility: auto; }
[part="content"] > [part="section"] { margin: 0; }
[part="section"] > * { margin: 0.8em 0 0; }
[part="section"] > :is(h1, h2, h3, h4, h5, h6) { margin-top: 1.25em; }
[part="section"] > :is(h1, h2, h3, h4, h5, h6) + * { margin-top: 0.5em; }
[part="section"] > hr { margin: 1.3em 0; }
h1 { font-size: 1.5em; }
h2 { font-size: 1.28em; }
h3 { font-size: 1.12em; }
h4, h5, h6 { font-size: 1em; }
h6 { color: var(--muted); }
[part="content"] :is(ul, ol) { padding-inline-start: 1.75em; }
li::marker { color: var(--muted); }
li + li { margin-top: 0.25em; }
[part="loose"] > li + li { margin-top: 0.6em; }
[part="tight"] > li > * + * { margin-top: 0.25em; }
li:has(> p[part~="task"]:first-child) { list-style: none; }
li > p[part~="task"] > input {
  appearance: none;
  position: relative;
  width: 1.1em;
  height: 1.1em;
  margin: 0 0.5em 0 -1.6em;
  border: 1.5px solid color-mix(in srgb, var(--fg) 50%, var(--bg));
  border-radius: 4px;
  vertical-align: -0.18em;
}
li > p[part="task done"] > input { border-color: var(--accent); background: var(--accent); }
li > p[part="task done"] > input::before {
  content: "";
  position: absolute;
  inset: 0.1em;
  background: var(--on-accent);
  clip-path: polygon(14% 52%, 26% 40%, 42% 56%, 74% 18%, 88% 30%, 43% 84%);
}
blockquote {
  padding-inline-start: 1em;
  border-inline-start: 3px solid color-mix(in srgb, var(--fg) 22%, var(--bg));
  color: color-mix(in srgb, var(--fg) 80%, var(--bg));
}
hr { height: 0; border: 0; border-top: 1px solid var(--line); }
[part="content"] > hr { margin: 1.3em 0; }
[part="content"] a { color: var(--link); text-underline-offset: 0.18em; overflow-wrap: anywhere; }
a[href] { text-decoration: underline; text-decoration-thickness: 1px; }
a:focus-visible, [tabindex]:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
[part="host"] { color: var(--muted); font-size: 0.9em; }
a[part="image"] {
  padding: 0.05em 0.5em 0.1em 0.4em;
  border: 1px solid var(--line);
  border-radius: 6px;
  background: var(--raised);
  text-decoration: none;
}
a[part="image"] .icon { margin-right: 0.4em; vertical-align: -0.12em; }
kbd, code {
  font-family: var(--jp-code-font-family, ui-monospace, "SF Mono", Menlo, Consolas, monospace);
  font-size: 0.88em;
}
:not(pre) > code {
  padding: 0.14em 0.36em;
  border-radius: 5px;
  background: color-mix(in srgb, var(--fg) 9%, var(--bg));
  box-decoration-break: clone;
  -webkit-box-decoration-break: clone;
}
kbd {
  padding: 0.1em 0.4em;
  border: 1px solid var(--line);
  border-bottom-width: 2px;
  border-radius: 5px;
  background: var(--raised);
}
mark { background: color-mix(in srgb, #ffd33d 45%, var(--bg)); color: inherit; }
sub, sup { line-height: 0; }

[part~="code"] {
  border: 1px solid var(--line);
  border-radius: 10px;
  background: var(--code);
}
[part="code-bar"] {
  display: flex;
  align-items: center;
  justify-content: space-between;
  min-height: 32px;
  padding: 2px 6px 2px 14px;
  color: var(--muted);
  font-size: 0.84em;
}
[part="language"] { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
[part="copy"], [part="fold"], [part="footnote-ref"], [part="footnote-back"] {
  border: 0;
  background: transparent;
  color: inherit;
}
[part="copy"] {
  display: inline-flex;
  flex: none;
  align-items: center;
  gap: 6px;
  padding: 2px 8px;
  border-radius: 6px;
}
[part="copy"]:hover, [part="fold"]:hover { background: var(--hover); color: var(--fg); }
pre {
  margin: 0;
  padding: 4px 14px 12px;
  overflow: auto hidden;
  line-height: 1.5;
  tab-size: 4;
  scrollbar-width: thin;
  scrollbar-color: color-mix(in srgb, var(--fg) 30%, transparent) transparent;
}
pre:focus-visible { outline-offset: -2px; border-radius: 9px; }
pre code { display: block; width: fit-content; min-width: 100%; overflow-wrap: normal; }
[part~="lines"] { display: block; white-space: pre; }
[part="code folded"] .rest, [part="code folded"] [part="lines rest"] { display: none; }
[part="code folded"] pre {
  padding-bottom: 0;
  mask-image: linear-gradient(to bottom, #000 calc(100% - 4em), rgb(0 0 0 / 25%));
}
[part="fold"] {
  display: block;
  width: 100%;
  padding: 6px 14px;
  border-top: 1px solid var(--line);
  color: var(--muted);
  font-size: 0.86em;
}
[part="fold"]:focus-visible { outline-offset: -3px; }
[part="invisible"] {
  margin: 0 1px;
  padding: 0 3px;
  border: 1px solid var(--danger);
  border-radius: 4px;
  color: var(--danger);
  font-size: 0.76em;
  unicode-bidi: isolate;
}

[part="table"] {
  width: fit-content;
  max-width: 100%;
  overflow: auto hidden;
  border: 1px solid var(--line);
  border-radius: 10px;
  scrollbar-width: thin;
}
table { border-collapse: collapse; font-size: 0.96em; font-variant-numeric: tabular-nums; }
th, td { min-width: 3em; max-width: 26em; padding: 6px 14px; text-align: start; vertical-align: top; }
th { white-space: nowrap; background: var(--raised); font-weight: 600; }
td { border-top: 1px solid var(--line); }
:is(th, td)[align="center"] { text-align: center; }
:is(th, td)[align="right"] { text-align: end; }
th, td { overflow-wrap: break-word; }

[part="footnotes"] {
  padding-top: 0.7em;
  border-top: 1px solid var(--line);
  color: var(--muted);
  font-size: 0.9em;
}
[part="footnote-text"], [part="footnote-text"] > p:last-child { display: inline; }
[part="footnote-ref"], [part="footnote-back"] { padding: 0 2px; color: var(--link); }
[part="footnote-ref"] { font-size: 0.95em; }
[part="footnote-ref"]:hover, [part="footnote-back"]:hover { text-decoration: underline; }
`;

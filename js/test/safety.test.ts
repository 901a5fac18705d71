import { describe, expect, test } from "vitest";
import { hostToShow } from "../src/links.js";
import { MarkdownText } from "../src/markdown-text.js";
import { sanitise } from "../src/sanitise.js";

function drawn(text: string): HTMLElement {
  const shown = new MarkdownText();
  shown.show(text, true);
  return shown.element;
}

const links = (text: string) => [...drawn(text).querySelectorAll("a")];

describe("links", () => {
  test.each(["http://a.example/", "https://a.example/", "mailto:me@a.example"])("%s", (href) => {
    const [link] = links(`[x](${href})`);
    expect(link?.getAttribute("href")).toBe(href);
    expect(link?.title).toBe(href);
    expect(link?.rel).toBe("noopener noreferrer nofollow");
    expect(link?.target).toBe("_blank");
  });

  test.each([
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java&#10;script:alert(1)",
    "&#x1;javascript:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "file:///etc/passwd",
    "vscode://x",
    "command:x",
    "blob:https://a.example/x",
    "/api/shutdown",
    "//a.example",
    "#here",
    "lab/tree/x",
  ])("no link leads to %s", (href) => {
    for (const link of links(`[x](<${href}>) <${href}> ![x](<${href}>)\n\n[r]\n\n[r]: <${href}>`)) {
      expect(link.hasAttribute("href")).toBe(false);
    }
  });

  test.each([
    ["google.com", "https://evil.example/x", "evil.example"],
    ["https://google.com", "https://google.com.evil.example", "google.com.evil.example"],
    ["https://google.com", "https://google.com@evil.example/", "evil.example"],
    ["google。com", "https://evil.example", "evil.example"],
    ["goo\u200bgle.com", "https://evil.example", "evil.example"],
    ["me@bank.example", "mailto:you@evil.example", "you@evil.example"],
    ["see bank.example for more", "https://evil.example", "evil.example"],
    ["аpple.com", "https://аpple.com", "xn--pple-43d.com"],
    ["127.0.0.1", "https://evil.example", "evil.example"],
    ["http://[::1]:8888/", "https://evil.example", "evil.example"],
    ["localhost", "https://evil.example", "evil.example"],
    ["localhost:8888", "https://evil.example", "evil.example"],
    ["https://intranet/", "https://evil.example", "evil.example"],
    ["https:\\\\intranet", "https://evil.example", "evil.example"],
    ["i❤.ws", "https://evil.example", "evil.example"],
    ["https://google.com@evil.example", "https://evil.example/", "evil.example"],
    ["https://evil.example/\u202emoc.elgoog", "https://evil.example/\u202emoc", "evil.example"],
    ["me@a.example", "mailto:me@a.example?BCC=you@b.example", "me@a.example, you@b.example"],
    ["me@a.example", "mailto:?to=you@b.example", "you@b.example"],
    ["me@a.example", "mailto:me@a.example?subject=Hello", null],
    ["http://localhost:8888/lab", "http://localhost:8888/lab", null],
    ["Chapter 3: the end", "https://a.example", null],
    ["Google", "https://google.com", null],
    ["google.com", "https://www.google.com/a", null],
    ["https://a.example/b.html?c=d.e", "https://a.example/b.html?c=d.e", null],
  ])("a text like %s that leads to %s", (text, href, host) => {
    expect(hostToShow(text, href)).toBe(host);
  });

  test("the real host stands beside a link that names another", () => {
    expect(drawn("[google.com](https://evil.example)").textContent).toBe(
      "google.com (evil.example)",
    );
  });
});

describe("what a model writes", () => {
  test.each([
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)><circle/></svg>",
    "<math><mtext></mtext></math>",
    "<iframe src=https://a.example></iframe>",
    "<form action=https://a.example><input name=x></form>",
    "<b onclick=alert(1) style=color:red id=a name=b class=c data-x=d part=copy>x</b>",
    "<style>*{display:none}</style>",
    "<a href=javascript:alert(1)>x</a>",
    "<base href=https://a.example>",
    "<link rel=stylesheet href=https://a.example>",
    "<!-- <img src=x> -->",
  ])("is text where it is HTML: %s", (html) => {
    for (const text of [html, `a ${html} b`, `- ${html}`, `# ${html}`, `| ${html} |\n|-|`]) {
      const element = drawn(text);
      expect(element.textContent).toContain(html.slice(0, 8));
      expect(element.querySelector("[id],[name],[class],[style],[data-x],img,svg,b")).toBeNull();
    }
  });

  test("may use a few tags that are only letters in another shape", () => {
    const html = drawn("<b>a</b> H<sub>2</sub>O <kbd>X</kbd> a<br>b").innerHTML;
    expect(html).toBe("<p><b>a</b> H<sub>2</sub>O <kbd>X</kbd> a<br>b</p>");
  });

  test("leaves no tag open, whatever it opens", () => {
    const element = drawn("<b>open\n\n*x <i>y* z</i>\n\nafter");
    expect(element.lastElementChild?.outerHTML).toBe("<p>after</p>");
    expect(element.textContent).toContain("<b>open");
  });

  test("loads no image: its description leads there", () => {
    const element = drawn("![A plot](https://a.example/x.png)");
    expect(element.querySelector("img")).toBeNull();
    const link = element.querySelector("a");
    expect(link?.textContent).toBe("A plot");
    expect(link?.getAttribute("href")).toBe("https://a.example/x.png");
  });

  test("shows in code what would be invisible", () => {
    const text = "if a\u202e\u2066 == 'x\u200b':\u0007";
    for (const element of [drawn(`\`${text}\``), drawn(`\`\`\`\n${text}\n\`\`\``)]) {
      const code = element.querySelector("code")?.textContent;
      expect(code).toBe("if aU+202EU+2066 == 'xU+200B':U+0007");
    }
    expect(drawn("```\n# ⚠️ 👩‍🚀\n```").querySelector("code")?.textContent).toBe("# ⚠️ 👩‍🚀");
  });
});

test("what is invisible in code is shown as well when it comes in two halves", () => {
  const text = "```\nx\u{e0069}\u{e0100}";
  const shown = new MarkdownText();
  for (let end = 0; end <= text.length; end += 1) shown.show(text.slice(0, end), false);
  expect(shown.element.querySelector("code")?.textContent).toBe("xU+E0069U+E0100");
});

describe("the sanitiser", () => {
  const made = (html: string) => {
    const element = document.createElement("div");
    element.append(sanitise(html));
    return element.innerHTML;
  };

  test.each([
    ['<p id="a" class="b" style="color:red" title="x" part="copy">x</p>', "<p>x</p>"],
    ['<a href="javascript:alert(1)" onclick="x">y</a>', "<a>y</a>"],
    ['<a href="/lab">y</a>', "<a>y</a>"],
    ['<td align="x" colspan="1e9">x</td>', "<td>x</td>"],
    ['<ol start="3" part="tight"><li>x</li></ol>', '<ol start="3" part="tight"><li>x</li></ol>'],
    ['<b constructor="y">x</b>', "<b>x</b>"],
    ["<b>&lt;i&gt;&amp;amp;&quot;</b>", '<b>&lt;i&gt;&amp;amp;"</b>'],
  ])("makes of %s only what is listed", (html, expected) => {
    expect(made(html)).toBe(expected);
  });

  test.each([
    '<input type="text">',
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    '<p data-x="1">',
    '<p\nid="a">',
    "<P>",
    "<p/>",
    "<!-- x -->",
    "<p id='a'>",
    "&copy; &#60;b&#62; &",
    "<",
  ])("takes %s for text", (html) => {
    const element = document.createElement("div");
    element.append(sanitise(html));
    expect(element.children).toHaveLength(0);
    expect(element.textContent).toBe(html);
  });

  test("leaves nothing open and closes nothing twice", () => {
    expect(made("<b><i>x</b>y</i></i></b>z<u>")).toBe("<b><i>xy</i></b>z<u></u>");
  });
});

describe("time is bounded", () => {
  const long = 100_000;
  test.each([
    ["brackets", "[".repeat(long)],
    ["links", "[a](b".repeat(long / 5)],
    ["emphasis", "*a _b ".repeat(long / 6)],
    ["one run", "*".repeat(long)],
    ["backticks", Array.from({ length: 400 }, (_, i) => `${"`".repeat(i)} `).join("")],
    ["quotes", ">".repeat(long)],
    ["lists", `${"- ".repeat(long / 2)}x`],
    ["tags", "<b>".repeat(long / 3)],
    ["a header", `${"|".repeat(long)}\n${"|-".repeat(long / 2)}\n`],
    ["rows", `|${"a|".repeat(99)}\n|${"-|".repeat(99)}\n${"x\n".repeat(2000)}`],
    ["blank code", `\`\`\`\n${"\n".repeat(long)}`],
    ["blank lines in code", `    a\n${"\n".repeat(long)}b`],
    ["definitions", Array.from({ length: 3000 }, (_, i) => `[${i}]: x\n`).join("")],
    ["entities", "&amp".repeat(long / 4)],
    ["one word", "a".repeat(long * 10)],
  ])(
    "%s",
    (_, text) => {
      const shown = new MarkdownText();
      shown.show(text, false);
      shown.show(text, true);
      expect(shown.element.source).toBe(text);
    },
    20_000,
  );
});

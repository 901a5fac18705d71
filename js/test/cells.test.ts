import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { MarkdownText } from "../src/markdown-text.js";
import { STRINGS } from "../src/strings.js";

const CODE = "if a:\n\n\tb = '\u202e'  ";

/** The public interface of Lab's application, as far as it is used; the real one: tests/browser. */
class Lab {
  readonly done: unknown[][] = [];
  readonly cell = { node: document.createElement("div") };
  readonly shell = { currentWidget: { content: { activeCell: this.cell } } };
  known = ["notebook:insert-cell-below", "notebook:replace-selection"];
  isReadOnly = false;

  readonly commands = {
    hasCommand: (id: string) => this.known.includes(id),
    execute: async (...command: unknown[]) => {
      this.done.push(command);
      if (command[0] === "notebook:insert-cell-below" && !this.isReadOnly) {
        this.shell.currentWidget.content.activeCell = { node: document.createElement("div") };
      }
    },
  };
}

let lab: Lab;

function draw() {
  const shown = new MarkdownText();
  const host = document.createElement("div");
  host.attachShadow({ mode: "open" }).append(shown.element);
  lab.cell.node.append(host);
  document.body.append(lab.cell.node);
  shown.show(`\`\`\`py\n${CODE}\n\`\`\`\n`, true);
  return shown.element.querySelector<HTMLButtonElement>("[part=insert]");
}

beforeEach(() => {
  lab = new Lab();
  vi.stubGlobal("jupyterapp", lab);
});
afterEach(() => {
  vi.unstubAllGlobals();
  document.body.replaceChildren();
});

describe("inserting code as a cell", () => {
  test("puts the code exactly into a new cell", async () => {
    const button = draw();
    button?.click();
    await vi.waitFor(() => expect(button?.textContent).toBe(STRINGS.inserted));
    expect(lab.done).toEqual([
      ["notebook:insert-cell-below"],
      ["notebook:replace-selection", { text: CODE }],
    ]);
  });

  test("is offered only where the host lets the page have its application", () => {
    vi.stubGlobal("jupyterapp", undefined);
    expect(draw()).toBeNull();
    for (const app of [null, {}, { commands: {} }, "app"]) {
      vi.stubGlobal("jupyterapp", app);
      expect(draw()).toBeNull();
    }
  });

  test("is offered only where the application knows both commands", () => {
    lab.known = lab.known.slice(0, 1);
    expect(draw()).toBeNull();
  });

  test("does nothing where another cell is the active one", async () => {
    const button = draw();
    lab.shell.currentWidget.content.activeCell = { node: document.createElement("div") };
    button?.click();
    await vi.waitFor(() => expect(button?.textContent).toBe(STRINGS.insertFailed));
    expect(lab.done).toEqual([]);
  });

  test("changes no other cell where none could be inserted", async () => {
    lab.isReadOnly = true;
    const button = draw();
    button?.click();
    await vi.waitFor(() => expect(button?.textContent).toBe(STRINGS.insertFailed));
    expect(lab.done).toEqual([["notebook:insert-cell-below"]]);
  });
});

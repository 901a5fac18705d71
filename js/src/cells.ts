/**
 * The cells of the notebook around a chat, where the host lets a page have its application.
 *
 * JupyterLab and Notebook 7 do so with the option expose_app_in_browser, and in no other way; what
 * is used of the application is its public interface.
 */

interface App {
  readonly commands: {
    hasCommand(id: string): boolean;
    execute(id: string, args?: Readonly<Record<string, unknown>>): Promise<unknown>;
  };
  readonly shell: {
    readonly currentWidget?: {
      readonly content?: { readonly activeCell?: { readonly node: Node } | null };
    } | null;
  };
}

const INSERT = "notebook:insert-cell-below";
const FILL = "notebook:replace-selection";

function findApp(): App | null {
  const { jupyterapp } = globalThis as { jupyterapp?: Partial<App> };
  const { commands, shell } = jupyterapp ?? {};
  if (typeof commands?.hasCommand !== "function" || shell === undefined) return null;
  return [INSERT, FILL].every((id) => commands.hasCommand(id)) ? { commands, shell } : null;
}

/** Whether there is a notebook to insert cells into. */
export function canInsert(): boolean {
  return findApp() !== null;
}

/** Insert `code` as a cell below the one that `element` is put out by; whether that was done. */
export async function insertCell(code: string, element: Element): Promise<boolean> {
  const app = findApp();
  const active = () => app?.shell.currentWidget?.content?.activeCell ?? null;
  const root = element.getRootNode();
  const host = root instanceof ShadowRoot ? root.host : element;
  const own = active();
  // Who presses a button in a cell's output has made that cell the active one.
  if (app === null || own === null || !own.node.contains(host)) return false;
  await app.commands.execute(INSERT);
  // A notebook that is read-only gets no cell, and no other cell is to get the code.
  if (active() === own) return false;
  await app.commands.execute(FILL, { text: code });
  return true;
}

/** What the kernel calls the chat: the words around the conversation. */

export interface Labels {
  readonly title: string | null;
  readonly notice: string | null;
  readonly placeholder: string | null;
}

/** Read the labels of a view; what is no text, or blank, is none. */
export function readLabels(raw: Readonly<Record<string, unknown>>): Labels {
  const read = (name: string) => {
    const value = raw[name];
    return typeof value === "string" && value.trim() !== "" ? value : null;
  };
  return { title: read("title"), notice: read("notice"), placeholder: read("placeholder") };
}

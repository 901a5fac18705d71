/** What is known of a message besides its text: when it came, from whom, and by what means. */

export interface Usage {
  readonly input: number;
  readonly output: number;
}

export interface Tool {
  readonly name: string;
  readonly arguments: string;
}

/** What the reader showed to the model with a message. */
export interface Attachment {
  readonly name: string;
  readonly kind: string;
  readonly text: string;
}

export interface Details {
  readonly timestamp: string | null;
  readonly model: string | null;
  readonly usage: Usage | null;
  readonly tools: readonly Tool[];
  readonly context: readonly Attachment[];
}

export const NO_DETAILS: Details = {
  timestamp: null,
  model: null,
  usage: null,
  tools: [],
  context: [],
};

/** How many calls of tools are shown of one message, and how many attachments. */
const MOST = 100;

/** Read the details of a message; what is malformed is as if not given. */
export function readDetails(raw: Readonly<Record<string, unknown>>): Details {
  const { input_tokens: input, output_tokens: output } = Object(raw.usage) as Fields;
  return {
    timestamp: readText(raw.timestamp),
    model: readText(raw.model),
    usage: isCount(input) && isCount(output) ? { input, output } : null,
    tools: listed(raw.tools).flatMap((given) => {
      const name = readText(given.name);
      return name === null ? [] : [{ name, arguments: argumentsOf(given.arguments) }];
    }),
    context: listed(raw.context).flatMap(({ name, kind, text }) =>
      isText(name) && isText(kind) && isText(text) ? [{ name, kind, text }] : [],
    ),
  };
}

const MARKS: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#x27;",
};

/** What the model was told of an attachment, as `Attachment.as_told` in Python has it. */
export function told({ name, text }: Attachment): string {
  const escaped = name.replace(/[&<>"']/g, (mark) => MARKS[mark] ?? mark);
  const open = text.replace(/<(?=\/context\b)/gi, "&lt;");
  return `<context${name && ` name="${escaped}"`}>\n${open}\n</context>`;
}

type Fields = Readonly<Record<string, unknown>>;

function listed(value: unknown): Fields[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [];
  return list.slice(0, MOST).map((one) => Object(one) as Fields);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

export function readText(value: unknown): string | null {
  return typeof value === "string" && value.trim() !== "" ? value : null;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

/** Models send arguments as JSON, as a rule in a text. */
function argumentsOf(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value, null, 2) ?? "");
}

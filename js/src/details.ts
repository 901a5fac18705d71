/** What is known of a message besides its text: when it came, from whom, and by what means. */

export interface Usage {
  readonly input: number;
  readonly output: number;
}

export interface Tool {
  readonly name: string;
  readonly arguments: string;
}

export interface Details {
  readonly timestamp: string | null;
  readonly model: string | null;
  readonly usage: Usage | null;
  readonly tools: readonly Tool[];
}

export const NO_DETAILS: Details = { timestamp: null, model: null, usage: null, tools: [] };

/** How many calls of tools are shown of one message. */
const MAX_TOOLS = 100;

/** Read the details of a message; what is malformed is as if not given. */
export function readDetails(raw: Readonly<Record<string, unknown>>): Details {
  const { input_tokens: input, output_tokens: output } = Object(raw.usage) as Fields;
  const tools: readonly unknown[] = Array.isArray(raw.tools) ? raw.tools : [];
  return {
    timestamp: readText(raw.timestamp),
    model: readText(raw.model),
    usage: isCount(input) && isCount(output) ? { input, output } : null,
    tools: tools.slice(0, MAX_TOOLS).flatMap((one) => {
      const given = Object(one) as Fields;
      const name = readText(given.name);
      return name === null ? [] : [{ name, arguments: argumentsOf(given.arguments) }];
    }),
  };
}

type Fields = Readonly<Record<string, unknown>>;

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

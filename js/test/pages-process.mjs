// Serves the pages of pages.ts: a command per line of standard input, an answer per line of output.
import { stdin, stdout } from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const { outputFiles } = await build({
  entryPoints: [fileURLToPath(new URL("pages.ts", import.meta.url))],
  bundle: true,
  format: "esm",
  define: { BUILD: '"sources"' },
  write: false,
});
const code = Buffer.from(outputFiles[0].contents).toString("base64");
const { Pages } = await import(`data:text/javascript;base64,${code}`);

const pages = new Pages();
for await (const line of createInterface({ input: stdin })) {
  let answer;
  try {
    answer = pages.obey(JSON.parse(line));
  } catch (error) {
    answer = { error: String(error?.stack ?? error) };
  }
  stdout.write(`${JSON.stringify(answer)}\n`);
}

import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const HERE = dirname(fileURLToPath(import.meta.url));
const OUTPUT = join(HERE, "..", "src", "printer_widget", "static");

// Every widget instance carries the bundle in its synced state, and every saved notebook with it.
const BUDGET = 128_000;

const { outputFiles } = await build({
  absWorkingDir: HERE,
  entryPoints: ["src/widget.ts"],
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  charset: "utf8",
  legalComments: "none",
  write: false,
  outfile: "widget.js",
});
const [bundle] = outputFiles;
if (bundle.contents.length > BUDGET) {
  throw new Error(`widget.js has ${bundle.contents.length} bytes; its budget is ${BUDGET}`);
}

await mkdir(OUTPUT, { recursive: true });
await writeFile(join(OUTPUT, "widget.js"), bundle.contents);
await writeFile(
  join(OUTPUT, "build.json"),
  `${JSON.stringify({ sources: await hashSources(), bytes: bundle.contents.length })}\n`,
);
console.log(`widget.js: ${bundle.contents.length} of ${BUDGET} bytes`);

/** Hash what the bundle is made of, so that a test can tell a stale one without Node. */
async function hashSources() {
  const paths = ["build.mjs", "package-lock.json"];
  for (const path of await readdir(join(HERE, "src"), { recursive: true })) {
    const source = join("src", path);
    if ((await stat(join(HERE, source))).isFile()) paths.push(source.replaceAll(sep, "/"));
  }
  // Names are ASCII, where JavaScript's order by code units is the order by code points.
  paths.sort();
  const hash = createHash("sha256");
  for (const path of paths) {
    hash.update(path).update("\0");
    hash.update(await readFile(join(HERE, path))).update("\0");
  }
  return hash.digest("hex");
}

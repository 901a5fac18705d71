import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";

const HERE = dirname(fileURLToPath(import.meta.url));
const OUTPUT = join(HERE, "..", "src", "printer_widget", "static");

// Every widget instance carries the bundle in its synced state, and every saved notebook with it.
const BUDGET = 128_000;

const OPTIONS = {
  absWorkingDir: HERE,
  bundle: true,
  target: "es2022",
  minify: true,
  charset: "utf8",
  legalComments: "none",
  write: false,
  plugins: [{ name: "css", setup: ({ onLoad }) => onLoad({ filter: /\.css$/ }, loadCss) }],
};

if (process.argv.includes("--page")) {
  await buildPage();
  process.exit();
}

const { outputFiles, metafile } = await build({
  ...OPTIONS,
  entryPoints: ["src/widget.ts"],
  format: "esm",
  metafile: true,
  outfile: "widget.js",
});
const [bundle] = outputFiles;
if (bundle.contents.length > BUDGET) {
  throw new Error(`widget.js has ${bundle.contents.length} bytes; its budget is ${BUDGET}`);
}

await mkdir(OUTPUT, { recursive: true });
await writeFile(join(OUTPUT, "widget.js"), bundle.contents);
await writeFile(join(OUTPUT, "THIRD_PARTY.txt"), await notices(metafile));
await writeFile(
  join(OUTPUT, "build.json"),
  `${JSON.stringify({ sources: await hashSources(), bytes: bundle.contents.length })}\n`,
);
console.log(`widget.js: ${bundle.contents.length} of ${BUDGET} bytes`);

/** Load a style sheet as a text, without what only its readers need. */
async function loadCss({ path }) {
  const { code } = await transform(await readFile(path, "utf8"), { loader: "css", minify: true });
  return { contents: code.trim(), loader: "text" };
}

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

/** Write out the licences of the packages that are in the bundle, as they ask for. */
async function notices({ inputs }) {
  const found = Object.keys(inputs).map((path) =>
    /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path),
  );
  const names = [...new Set(found.filter(Boolean).map(([, name]) => name))].sort();
  const parts = ["widget.js contains the following packages, under the licences given here."];
  for (const name of names) {
    const folder = join(HERE, "node_modules", name);
    const { version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    const file = (await readdir(folder)).find((one) => /^licen[cs]e(\.(md|txt))?$/i.test(one));
    if (file === undefined) throw new Error(`${name} has no file with its licence`);
    const text = await readFile(join(folder, file), "utf8");
    parts.push(`${name} ${version} (${license})\n\n${text.trim()}`);
  }
  return `${parts.join(`\n\n${"-".repeat(80)}\n\n`)}\n`;
}

/** Build a page that draws Markdown as the widget does, and holds all that it needs. */
async function buildPage() {
  const { outputFiles } = await build({
    ...OPTIONS,
    entryPoints: ["src/page.ts"],
    format: "iife",
    outfile: "page.js",
  });
  const folder = join(HERE, "dist", "page");
  const script = outputFiles[0].text.replaceAll("</script", "<\\/script");
  const head = '<meta charset="utf-8"><title>Markdown</title>';
  const page = `<!doctype html><html lang="en"><head>${head}</head><body><script>${script}</script></body></html>`;
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "index.html"), page);
  console.log(`page/index.html: ${Buffer.byteLength(page)} bytes`);
}

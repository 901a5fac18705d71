import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";

const HERE = dirname(fileURLToPath(import.meta.url));
const OUTPUT = join(HERE, "..", "src", "printer_widget", "static");

// Every widget instance carries the bundle in its synced state, and every saved notebook with it.
const BUDGET = 128_000;

const sources = await hashSources();

const OPTIONS = {
  absWorkingDir: HERE,
  bundle: true,
  target: "es2022",
  minify: true,
  charset: "utf8",
  legalComments: "none",
  write: false,
  define: { BUILD: JSON.stringify(sources.slice(0, 16)) },
};

if (process.argv.includes("--page")) await buildPage();
else if (process.argv.includes("--bench")) await buildRivals();
else await buildPackage();

/** Build what the Python package carries: the bundle, and the assets that it asks the kernel for. */
async function buildPackage() {
  const bundle = await buildBundle();
  const names = (await readdir(join(HERE, "src", "assets"))).map((file) => basename(file, ".ts"));
  const assets = await Promise.all(names.sort().map(buildAsset));
  const built = [bundle, ...assets];

  await rm(OUTPUT, { recursive: true, force: true });
  await mkdir(join(OUTPUT, "assets"), { recursive: true });
  for (const { name, contents } of built) await writeFile(join(OUTPUT, name), contents);
  await writeFile(join(OUTPUT, "THIRD_PARTY.txt"), await notices(built));
  const bytes = Object.fromEntries(built.map(({ name, contents }) => [name, contents.length]));
  await writeFile(join(OUTPUT, "build.json"), `${JSON.stringify({ sources, bytes })}\n`);
}

async function buildBundle() {
  const made = await run("widget.js", { entryPoints: ["src/widget.ts"], format: "esm" });
  const { length } = made.contents;
  console.log(`widget.js: ${length} of ${BUDGET} bytes`);
  if (length > BUDGET) throw new Error(`widget.js has ${length} bytes; its budget is ${BUDGET}`);
  return made;
}

/** Build one asset; one that imports what the bundle has already becomes a function of that. */
async function buildAsset(name) {
  const entry = { entryPoints: [`src/assets/${name}.ts`] };
  const shared = new Set();
  const share = ({ path }) => {
    shared.add(path);
    return { path: basename(path, ".js"), external: true };
  };
  const sharing = {
    name: "share",
    setup: ({ onResolve }) =>
      onResolve({ filter: /^(@preact\/signals-core|\.+\/(button|strings)\.js)$/ }, share),
  };
  const file = `assets/${name}.js`;
  const named = `export const build=${OPTIONS.define.BUILD};`;
  let made = await run(file, { ...entry, format: "esm", footer: { js: named } }, [sharing]);
  if (shared.size > 0) {
    const banner = { js: "export const make=require=>{const module={};" };
    const footer = { js: `return module.exports};${named}` };
    made = await run(file, { ...entry, format: "cjs", banner, footer }, [sharing]);
  }
  console.log(`${file}: ${made.contents.length} bytes`);
  return made;
}

async function run(name, options, plugins = []) {
  const inputs = [];
  const { outputFiles, metafile } = await build({
    ...OPTIONS,
    metafile: true,
    outfile: basename(name),
    plugins: [...plugins, texts(inputs)],
    ...options,
  });
  inputs.push(...Object.keys(metafile.inputs));
  return { name, contents: outputFiles[0].contents, inputs };
}

/** Load style sheets and workers as texts, without what only their readers need. */
function texts(inputs) {
  const loadCss = async ({ path }) => {
    const { code } = await transform(await readFile(path, "utf8"), { loader: "css", minify: true });
    return { contents: code.trim(), loader: "text" };
  };
  const loadWorker = async ({ path }) => {
    const made = await run("worker.js", { entryPoints: [path], format: "iife" });
    inputs.push(...made.inputs);
    return { contents: made.contents, loader: "text" };
  };
  return {
    name: "texts",
    setup({ onLoad }) {
      onLoad({ filter: /\.css$/ }, loadCss);
      // As the entry of a build of its own, it is loaded as any other module.
      onLoad({ filter: /-worker\.ts$/ }, (file) => (file.suffix === "" ? null : loadWorker(file)));
    },
  };
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

/** Write out the licences of the packages that are in what was built, as they ask for. */
async function notices(built) {
  const users = new Map();
  for (const { name: file, inputs } of built) {
    for (const path of inputs) {
      const name = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1];
      if (name !== undefined) users.set(name, (users.get(name) ?? new Set()).add(file));
    }
  }
  const parts = ["These files contain the following packages, under the licences given here."];
  for (const name of [...users.keys()].sort()) {
    const folder = join(HERE, "node_modules", name);
    const { version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    const file = (await readdir(folder)).find((one) => /^licen[cs]e(\.(md|txt))?$/i.test(one));
    if (file === undefined) throw new Error(`${name} has no file with its licence`);
    const text = await readFile(join(folder, file), "utf8");
    const where = [...users.get(name)].join(", ");
    parts.push(`${name} ${version} (${license}), in ${where}\n\n${text.trim()}`);
  }
  return `${parts.join(`\n\n${"-".repeat(80)}\n\n`)}\n`;
}

/** Build a page that draws Markdown as the widget does, and holds all that it needs. */
async function buildPage() {
  const { contents } = await run("page.js", { entryPoints: ["src/page.ts"], format: "iife" });
  const folder = join(HERE, "dist", "page");
  const script = Buffer.from(contents).toString().replaceAll("</script", "<\\/script");
  const head = '<meta charset="utf-8"><title>Markdown</title>';
  const page = `<!doctype html><html lang="en"><head>${head}</head><body><script>${script}</script></body></html>`;
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "index.html"), page);
  console.log(`page/index.html: ${Buffer.byteLength(page)} bytes`);
}

/** Build what tests/bench/render.py puts beside the renderer into that page. */
async function buildRivals() {
  const { outputFiles } = await build({
    ...OPTIONS,
    entryPoints: ["bench/rivals.ts"],
    format: "iife",
    outfile: "rivals.js",
  });
  await mkdir(join(HERE, "dist", "bench"), { recursive: true });
  await writeFile(join(HERE, "dist", "bench", "rivals.js"), outputFiles[0].contents);
}

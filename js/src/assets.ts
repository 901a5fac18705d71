/**
 * Code that is not in the bundle: the kernel is asked for it when it is needed, once per page.
 *
 * Every widget carries the bundle in its state, and the host evaluates it once for each of them. So
 * what they share is kept by the page itself, under a name that no other build has.
 */

import { batch, computed, effect, signal } from "@preact/signals-core";
import * as button from "./button.js";
import { Shelf } from "./shelf.js";
import * as strings from "./strings.js";
import type { AssetName } from "./wire.js";

/** The types of what assets export; their code is in no import of the bundle. */
interface Assets {
  context: typeof import("./assets/context.js");
  conversations: typeof import("./assets/conversations.js");
  editor: typeof import("./assets/editor.js");
  highlight: typeof import("./assets/highlight.js");
  math: typeof import("./assets/math.js");
}

/** A digest of the sources: build.mjs and vitest.config.ts put it here. */
declare const BUILD: string;

/** What an asset uses of the bundle, by the names that build.mjs leaves to it. */
const SHARED: Readonly<Record<string, unknown>> = {
  button,
  strings,
  "signals-core": { batch, computed, effect, signal },
};

/** An asset that shares something is a function of it: signals are heard in their own copy only. */
interface Sharing {
  readonly make: (share: (name: string) => unknown) => unknown;
}

const KEY = Symbol.for(`printer_widget ${BUILD}`);
const page = globalThis as { [KEY]?: Shelf };
const made = new Map<AssetName, unknown>();

/** What the widgets of this page have, and wait for. */
export const shelf = page[KEY] ?? new Shelf(importText);
page[KEY] = shelf;

/**
 * Return an asset, once it is there; rejects where no kernel sends it.
 *
 * Whoever calls this shows what can be shown without it, meanwhile and then.
 */
export async function loadAsset<Name extends AssetName>(name: Name): Promise<Assets[Name]> {
  await shelf.load(name);
  return findAsset(name) as Assets[Name];
}

/** Return an asset that this page has already, or null. */
export function findAsset<Name extends AssetName>(name: Name): Assets[Name] | null {
  const known = made.get(name);
  if (known !== undefined) return known as Assets[Name];
  const module = shelf.modules.get(name);
  if (module === undefined) return null;
  const { make } = module as Partial<Sharing>;
  const asset = make?.((part) => SHARED[part]) ?? module;
  made.set(name, asset);
  return asset as Assets[Name];
}

/** Give this page an asset that it holds itself. */
export function provideAsset<Name extends AssetName>(name: Name, module: Assets[Name]): void {
  shelf.modules.set(name, module);
}

async function importText(text: string): Promise<unknown> {
  const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  try {
    const module: { readonly build: string } = await import(/* @vite-ignore */ url);
    // The package may have been installed anew under a kernel that goes on.
    if (module.build !== BUILD) throw new Error(`expected build ${BUILD}, got ${module.build}`);
    return module;
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** The entry that the host loads: joins each model to one link, and each of its views to that. */

import { type Model, ModelLink } from "./model.js";
import { openView } from "./view.js";

interface Context {
  readonly model: Model;
  readonly signal?: AbortSignal;
}

/**
 * Hosts pass a new proxy of the model to each call, so that no proxy can be the key: the link's
 * client name, put into the model and never synced, is.
 */
const CLIENT = "_client";
const links = new Map<string, ModelLink>();

function initialize({ model, signal }: Context): () => void {
  const { ended, end } = lifetime(signal);
  link(model, ended);
  return end;
}

function render({ model, el, signal }: Context & { readonly el: HTMLElement }): () => void {
  const { ended, end } = lifetime(signal);
  const found = find(model) ?? link(model, ended);
  const close = openView(el, found.store, found);
  ended.addEventListener("abort", close, { once: true });
  return end;
}

function find(model: Model): ModelLink | undefined {
  const client = model.get(CLIENT);
  return typeof client === "string" ? links.get(client) : undefined;
}

function link(model: Model, ended: AbortSignal): ModelLink {
  const made = new ModelLink(model, ended);
  links.set(made.client, made);
  model.set(CLIENT, made.client);
  ended.addEventListener("abort", () => links.delete(made.client), { once: true });
  return made;
}

/** Some hosts pass a signal, others call what is returned, and some do both. */
function lifetime(signal: AbortSignal | undefined): { ended: AbortSignal; end: () => void } {
  const controller = new AbortController();
  const end = () => controller.abort();
  // A host's signal may live longer than what it is passed to.
  signal?.addEventListener("abort", end, { once: true, signal: controller.signal });
  return { ended: controller.signal, end };
}

export default { initialize, render };

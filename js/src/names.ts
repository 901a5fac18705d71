/** What goes into a message to the kernel: names that nobody else has, and texts that are whole. */

/** Half a surrogate pair cannot be put into the UTF-8 of a message. */
export function whole(text: string): string {
  return text.replace(/\p{Surrogate}/gu, "\ufffd");
}

/** `crypto.randomUUID` is missing where a notebook is served over plain HTTP from another host. */
export function randomName(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

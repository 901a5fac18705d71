/** Every sentence that the view says of itself, in English. */
export const STRINGS = {
  conversation: "Conversation",
  user: "You",
  assistant: "Assistant",
  empty: "Ask a question to begin.",
  input: "Message",
  placeholder: "Ask anything…",
  hint: "Enter to send · Shift+Enter for a new line",
  stopHint: "Esc to stop",
  send: "Send",
  stop: "Stop",
  retry: "Retry",
  jump: "Jump to latest",
  actions: "Actions",
  copyMarkdown: "Copy as Markdown",
  again: "Ask again",
  edit: "Edit and resend",
  editInput: "Edited message",
  cancel: "Cancel",
  remove: "Delete",
  confirmRemove: "Delete?",
  copy: "Copy",
  copied: "Copied",
  copyFailed: "Copying failed",
  showLines: "Show all {count} lines",
  showLess: "Show less",
  codeBlock: "Code",
  table: "Table",
  footnotes: "Footnotes",
  footnote: "Footnote {number}",
  backToText: "Back to the text",
  task: "Task",
  image: "Image",
  thinking: "AI is thinking…",
  generating: "Generating…",
  stopping: "Stopping…",
  stillStopping: "Still stopping: the kernel is busy…",
  complete: "Complete",
  stopped: "Stopped",
  interrupted: "Interrupted",
  error: "Error",
  failed: "Failed",
  kernelGone: "The kernel is gone. Run the cell again to go on.",
  kernelGoneShort: "the kernel is gone",
  unanswered: "Not sent yet: the kernel is busy or gone. Your message is kept.",
  unheard: "No answer yet: the kernel is busy or gone.",
  refused: "The message was not sent.",
  retryRefused: "The question could not be asked again.",
  editRefused: "The question could not be changed.",
  removeRefused: "The message could not be deleted.",
  tooLong: "This message is too long to send. Shorten it to a million characters.",
  waiting: "Not sent yet",
} as const;

/** Join a label and the sentence that explains it, where there is one. */
export function explain(label: string, sentence: string | null): string {
  return sentence === null ? label : `${label}: ${sentence}`;
}

/** Put values into the places that a sentence names in braces. */
export function fill(sentence: string, values: Readonly<Record<string, string | number>>): string {
  return sentence.replace(/\{(\w+)\}/g, (place, name) => String(values[name] ?? place));
}

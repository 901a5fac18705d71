/** Every sentence that the view says of itself, in English; the kernel sends other languages. */
export const STRINGS = {
  conversation: "Conversation",
  user: "You",
  assistant: "Assistant",
  empty: "Ask a question to begin.",
  suggestions: "Suggestions",
  reasoning: "Thought process",
  reasoningNow: "Thinking…",
  tool: "Used {name}",
  usage: "{input} tokens in, {output} out",
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
  insertCell: "Insert as a cell below",
  inserted: "Inserted",
  insertFailed: "No cell was inserted",
  showLines: "Show all {count} lines",
  showLess: "Show less",
  table: "Table",
  footnotes: "Footnotes",
  footnote: "Footnote {number}",
  backToText: "Back to the text",
  formula: "Formula",
  badFormula: "This formula cannot be typeset: {reason}",
  task: "Task",
  image: "Image",
  thinking: "AI is thinking…",
  generating: "Generating…",
  reconnecting: "Reconnecting",
  stopping: "Stopping…",
  stillStopping: "The kernel is busy: Stop acts when its cell ends, or when you interrupt it.",
  complete: "Complete",
  stopped: "Stopped",
  cut: "{count} more characters came before the busy kernel heard of it",
  rest: "Show the rest",
  interrupted: "Interrupted",
  error: "Error",
  failed: "Failed",
  kernelGone: "The kernel is gone. Run the cell again to go on.",
  noKernel: "No kernel answers. Run the cell again to go on.",
  kernelGoneShort: "the kernel is gone",
  unanswered: "Not sent yet: the kernel is busy or gone. Your message is kept.",
  unheard: "No answer yet: the kernel is busy or gone.",
  refused: "The message was not sent.",
  retryRefused: "The question could not be asked again.",
  editRefused: "The question could not be changed.",
  removeRefused: "The message could not be deleted.",
  tooLong: "This message is too long to send. Shorten it to a million characters.",
  questionsLeft: "{left} of {max} questions left",
  noQuestions: "No questions left",
  characters: "{count} of {max} characters",
  tooManyCharacters: "This question is too long: {count} of {max} characters.",
  logged: "Your questions and the answers are logged to {path}.",
  waiting: "Not sent yet",
  conversations: "Conversations",
  newChat: "New chat",
  loading: "Loading…",
  noConversations: "No conversations yet.",
  untitled: "Untitled",
  rename: "Rename",
  newTitle: "New title",
  save: "Save",
  opening: "Opening…",
  renaming: "Saving…",
  removing: "Deleting…",
  blankTitle: "A title needs at least one letter.",
  answerFirst: "Stop the answer, or let it end, before you leave this conversation.",
  changeFirst: "One moment: the last change is under way.",
  requestUnanswered: "No answer yet: the kernel or its server is busy or gone.",
  requestRefused: "The kernel refused, and did not say why.",
} as const;

export type Strings = Readonly<Record<keyof typeof STRINGS, string>>;

/** Say which connection is being tried: "Reconnecting (2/3)…". */
export function count(label: string, { attempt, of }: { attempt: number; of: number }): string {
  return `${label} (${attempt}/${of})…`;
}

/** Name what a button is about: "Rename “Plots”". */
export function about(label: string, title: string): string {
  return `${label} “${title}”`;
}

/** Join a label and the sentence that explains it, where there is one. */
export function explain(label: string, sentence: string | null): string {
  return sentence === null ? label : `${label}: ${sentence}`;
}

/** Put values into the places that a sentence names in braces. */
export function fill(sentence: string, values: Readonly<Record<string, string | number>>): string {
  return sentence.replace(/\{(\w+)\}/g, (place, name) => String(values[name] ?? place));
}

// Vercel's AI SDK behind a plain Node server, with a model that does what the question says:
//
//   echo …     answers with the question
//   reason …   thinks first, then does the same
//   recall …   answers with all that it was told
//   fail …     says a few words, then fails
//   slow …     goes on until it is told to stop
//
// POST /api/chat is the chat's endpoint. GET /stopped answers once the model was told to stop, as
// often as nobody asked before.

import { once } from "node:events";
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { convertToModelMessages, streamText } from "ai";
import { MockLanguageModelV3 } from "ai/test";

const THOUGHT = "The question is to be said again.";
const FAILURE = "the mock model has failed";

/** Runs that the SDK aborted, and those who wait for one. */
const stopped = [];
const waiting = [];

const model = new MockLanguageModelV3({
  modelId: "mock-1",
  doStream: async ({ prompt, abortSignal }) => ({
    stream: ReadableStream.from(parts(prompt, abortSignal)),
  }),
});

async function* parts(prompt, signal) {
  const question = textOf(prompt.at(-1));
  const task = question.split(" ", 1)[0];
  yield { type: "stream-start", warnings: [] };
  if (task === "reason") {
    yield { type: "reasoning-start", id: "r" };
    for (const delta of pieces(THOUGHT)) yield { type: "reasoning-delta", id: "r", delta };
    yield { type: "reasoning-end", id: "r" };
  }
  yield { type: "text-start", id: "t" };
  for await (const delta of deltas(task, question, prompt, signal)) {
    yield { type: "text-delta", id: "t", delta };
  }
  if (task === "fail") yield { type: "error", error: new Error(FAILURE) };
  else yield { type: "text-end", id: "t" };
  yield {
    type: "finish",
    finishReason: { unified: "stop", raw: "stop" },
    usage: { inputTokens: { total: 7 }, outputTokens: { total: 11 } },
  };
}

async function* deltas(task, question, prompt, signal) {
  if (task === "slow") {
    signal.addEventListener("abort", () => note(question), { once: true });
    for (let number = 0; !signal.aborted; number++) {
      yield `${number},`;
      await sleep(20, undefined, { signal }).catch(() => {});
    }
  } else if (task === "recall") {
    yield prompt.map((message) => `${message.role}: ${textOf(message)}`).join("\n");
  } else {
    yield* pieces(task === "fail" ? "It begins well, and" : question);
  }
}

/** Cut by UTF-16 code units: a JSON string may end in half a character. */
function* pieces(text) {
  for (let at = 0; at < text.length; at += 5) yield text.slice(at, at + 5);
}

function textOf({ content }) {
  if (typeof content === "string") return content;
  return content.map((part) => part.text).join("");
}

function note(question) {
  stopped.push(question);
  while (stopped.length && waiting.length) waiting.shift()(stopped.shift());
}

async function chat(request, response) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const { messages } = JSON.parse(Buffer.concat(chunks).toString());
  const left = new AbortController();
  response.on("close", () => left.abort());
  const result = streamText({
    model,
    messages: await convertToModelMessages(messages),
    abortSignal: left.signal,
    maxRetries: 0,
    onError: () => {},
  });
  result.pipeUIMessageStreamToResponse(response, {
    onError: (error) => error.message,
    messageMetadata: ({ part }) =>
      part.type === "finish" ? { totalUsage: part.totalUsage } : undefined,
  });
}

const server = createServer((request, response) => {
  if (request.method === "POST" && request.url === "/api/chat") {
    chat(request, response);
  } else if (request.url === "/stopped") {
    waiting.push((question) => response.end(question));
    if (stopped.length) note(stopped.shift());
  } else {
    response.writeHead(404).end();
  }
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
console.log(`http://127.0.0.1:${server.address().port}`);

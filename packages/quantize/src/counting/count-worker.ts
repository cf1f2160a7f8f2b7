import { parentPort, workerData } from "node:worker_threads";
import { createKernels } from "@vlm-export/numerics";
import type { CounterQuestion, CounterSettings, Histograms, SeenRanges } from "./counter-messages.js";
import { TensorCounts } from "./tensor-counts.js";

/** Entry point of a counting thread. */
export type Question = { readonly tensors: ReadonlyMap<string, Float32Array> } | { readonly question: CounterQuestion };
export type Answer = SeenRanges | Histograms | undefined;

const counts = new TensorCounts(workerData as CounterSettings, createKernels()); // as count-thread.ts gives them
parentPort?.on("message", (message: Question) => {
  parentPort?.postMessage("tensors" in message ? counts.add(message.tensors) : counts.answer(message.question));
});

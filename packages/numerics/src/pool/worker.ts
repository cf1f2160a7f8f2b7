import Tinypool from "tinypool";
import { createKernels } from "../create-kernels.js";
import { NumericsError, type NumericsErrorDetails } from "../numerics-error.js";
import { runTask } from "./run-task.js";
import type { Task, TaskResults } from "./tasks.js";

/** A worker's answer: errors of ours travel as data, because a thrown one would lose its code. */
export type Answer = { readonly result: TaskResults[Task["kind"]] } | { readonly error: NumericsErrorDetails };

const kernels = createKernels();

/** Entry point of a pool thread. Memory that was lent goes back with the answer, uncopied. */
export function work(task: Task): unknown {
  try {
    const answer: Answer = { result: runTask(kernels, task) };
    return task.kind === "histogramLent" ? handingBack(answer, task.x.buffer) : answer;
  } catch (error) {
    if (!(error instanceof NumericsError)) throw error;
    const { code, message, hint } = error;
    return { error: hint === undefined ? { code, message } : { code, message, hint } };
  }
}

function handingBack(answer: Answer, buffer: ArrayBuffer): unknown {
  return Tinypool.move({ [Tinypool.transferableSymbol]: buffer, [Tinypool.valueSymbol]: answer } as unknown as ArrayBuffer);
}

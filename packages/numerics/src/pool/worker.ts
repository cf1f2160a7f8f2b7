import { createKernels } from "../create-kernels.js";
import { NumericsError, type NumericsErrorDetails } from "../numerics-error.js";
import { runTask } from "./run-task.js";
import type { Task, TaskResults } from "./tasks.js";

/** A worker's answer: errors of ours travel as data, because a thrown one would lose its code. */
export type Answer = { readonly result: TaskResults[Task["kind"]] } | { readonly error: NumericsErrorDetails };

const kernels = createKernels();

/** Entry point of a pool thread. */
export function work(task: Task): Answer {
  try {
    return { result: runTask(kernels, task) };
  } catch (error) {
    if (!(error instanceof NumericsError)) throw error;
    const { code, message, hint } = error;
    return { error: hint === undefined ? { code, message } : { code, message, hint } };
  }
}

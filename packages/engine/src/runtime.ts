import { systemLimit } from "@vlm-export/ir";
import type * as Ort from "onnxruntime-node";
import { engineMissing, engineUnusable } from "./errors.js";

export type Runtime = typeof Ort;

/** The optional package onnxruntime-node, loaded on first use by `load`. Throws VX-ENGINE-MISSING, VX-ENGINE-UNUSABLE, VX-TOOL-LIMIT. */
export async function loadRuntime(load: () => Promise<Runtime> = () => import("onnxruntime-node")): Promise<Runtime> {
  try {
    const runtime = await load();
    runtime.env.logLevel = "fatal";
    return runtime;
  } catch (error) {
    throw systemLimit(error) ?? (isMissing(error) ? engineMissing(error) : engineUnusable(error));
  }
}

/**
 * Turns off ONNX Runtime's usage reports, which its builds make by default: an id and a queue below the home folder, sent to its maker. The
 * native library reads this variable when it is loaded, and only the main thread's environment is the process's.
 */
export function turnOffReports(): void {
  process.env["ORT_DISABLE_TELEMETRY"] = "1";
}

function isMissing(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "ERR_MODULE_NOT_FOUND" && String(error).includes("onnxruntime-node");
}

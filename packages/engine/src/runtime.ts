import type * as Ort from "onnxruntime-node";
import { engineMissing, engineUnusable } from "./errors.js";

export type Runtime = typeof Ort;

/** The optional package onnxruntime-node, loaded on first use by `load`. Throws VX-ENGINE-MISSING, VX-ENGINE-UNUSABLE. */
export async function loadRuntime(load: () => Promise<Runtime> = () => import("onnxruntime-node")): Promise<Runtime> {
  try {
    const runtime = await load();
    runtime.env.logLevel = "fatal";
    return runtime;
  } catch (error) {
    throw isMissing(error) ? engineMissing(error) : engineUnusable(error);
  }
}

function isMissing(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "ERR_MODULE_NOT_FOUND" && String(error).includes("onnxruntime-node");
}

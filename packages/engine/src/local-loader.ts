import { basename } from "node:path";
import type { InferenceSession } from "onnxruntime-node";
import { systemLimit } from "@vlm-export/ir";
import { engineLoad } from "./errors.js";
import type { Loader, LoadRequest } from "./load-request.js";
import { OrtSession } from "./ort-session.js";
import { loadRuntime, type Runtime } from "./runtime.js";
import type { TapObserver } from "./tap-observer.js";

/** Loads models on the calling thread. Throws VX-ENGINE-MISSING, VX-ENGINE-UNUSABLE. */
export async function createLocalLoader(): Promise<Loader> {
  const runtime = await loadRuntime();
  return {
    version: runtime.env.versions.node ?? runtime.env.versions.common,
    async load(request, source) {
      const session = await sessionOf(runtime, request);
      let observer: TapObserver | undefined;
      try {
        observer = source && (await source.load()).createObserver(source.settings);
        return new OrtSession({ ...request, runtime, session, observer });
      } catch (error) {
        await observer?.close();
        await session.release();
        throw error;
      }
    },
    close: () => undefined,
  };
}

async function sessionOf(runtime: Runtime, request: LoadRequest): Promise<InferenceSession> {
  try {
    return await runtime.InferenceSession.create(request.path, settingsOf(request));
  } catch (error) {
    throw systemLimit(error) ?? engineLoad(basename(request.path), error);
  }
}

/**
 * Folding would cast and dequantize every weight into memory at load, packing would copy every matrix there; so does, with f16 weights, what level
 * "all" has beyond "extended" (measured: 1.30.0).
 */
const MAPPED = { "session.disable_prepacking": "1", "optimization.disable_specified_optimizers": "ConstantFolding" };

/**
 * Without the first of the extra settings, weights behind DequantizeLinear may run through a kernel that rounds activations to 8 bits (measured:
 * errors of over 100 steps of a 16-bit activation). Memory patterns cost memory for models with many outputs, and gain nothing; the arena gains 2 %
 * of the time of a ViT-B and keeps what the largest run took as long as its session is open. "plain" leaves out the engine's fusions too: with Q/DQ
 * left as it stands they can lose an output, and the binding then crashes on the missing tensor.
 */
function settingsOf({ arithmetic, threads, weights }: LoadRequest): InferenceSession.SessionOptions {
  const isPlain = arithmetic === "plain";
  const extra = {
    "session.qdq_matmulnbits_accuracy_level": "1",
    "session.disable_quant_qdq": isPlain ? "1" : "0",
    ...(weights === "mapped" && MAPPED),
  };
  return {
    ...(arithmetic !== "default" && { extra }),
    graphOptimizationLevel: isPlain ? "basic" : weights === "held" ? "all" : "extended",
    enableMemPattern: false,
    enableCpuMemArena: false,
    logSeverityLevel: 4,
    ...(threads !== undefined && { intraOpNumThreads: threads }),
  };
}

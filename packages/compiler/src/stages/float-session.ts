import type { Tensors } from "@vlm-export/backend-api";
import { createEngine, runSample, type SampleSource, sourceArithmetic, type WeightPlace } from "@vlm-export/engine";
import { verifyRandom } from "../errors.js";
import { type Model, type OpRegistry, onlyComponent, VxError } from "@vlm-export/ir";

/** The float model, running. */
export interface FloatReference {
  /** Throws VX-ENGINE-SAMPLE where the engine fails on `sample`, which gives the inputs. */
  run(inputs: Tensors, sample: SampleSource): Promise<Tensors>;
  readonly weights: WeightPlace;
  close(): Promise<void>;
}

/**
 * The float model on ONNX Runtime, the reference of every comparison; undefined when the engine is not installed. One with Q/DQ operators of
 * its own is computed as it stands, as artifacts are. Throws VX-ENGINE-LOAD.
 */
export async function openFloat(
  float: Model,
  { ops, signal }: { readonly ops: OpRegistry; readonly signal?: AbortSignal | undefined },
): Promise<FloatReference | undefined> {
  const engine = await createEngine().catch((error: unknown) => {
    if (error instanceof VxError && error.kind === "tool") return undefined;
    throw error;
  });
  if (!engine) return undefined;
  try {
    const graph = onlyComponent(float);
    const session = await engine.openGraph(
      { graph, ops, model: float },
      { arithmetic: sourceArithmetic(graph), ...(signal && { signal }) },
    );
    return {
      weights: session.weights,
      run: async (inputs, sample) => (await runSample(sample, "verify", () => session.run(inputs))).outputs,
      async close() {
        await session.close();
        engine.close();
      },
    };
  } catch (error) {
    engine.close();
    throw error;
  }
}

/** Runs the float model on one sample; one that was made up and that it refuses is VX-VERIFY-RANDOM. */
export async function runReference<T>(isRandom: boolean, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw isRandom && error instanceof VxError && error.kind !== "interrupted" ? verifyRandom(error) : error;
  }
}

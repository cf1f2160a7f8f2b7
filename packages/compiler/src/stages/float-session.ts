import type { Tensors } from "@vlm-export/backend-api";
import { createEngine } from "@vlm-export/engine";
import { type Model, type OpRegistry, onlyComponent, VxError } from "@vlm-export/ir";

/** The float model, running. */
export interface FloatReference {
  run(inputs: Tensors): Promise<Tensors>;
  close(): Promise<void>;
}

/** The float model on ONNX Runtime, the reference of every comparison; undefined when the engine is not installed. */
export async function openFloat(
  float: Model,
  { ops, signal }: { readonly ops: OpRegistry; readonly signal?: AbortSignal | undefined },
): Promise<FloatReference | undefined> {
  try {
    const engine = await createEngine();
    const session = await engine.openGraph({ graph: onlyComponent(float), ops, model: float }, { ...(signal && { signal }) });
    return {
      run: async (inputs) => (await session.run(inputs)).outputs,
      async close() {
        await session.close();
        engine.close();
      },
    };
  } catch (error) {
    if (error instanceof VxError && error.kind === "tool") return undefined;
    throw error;
  }
}

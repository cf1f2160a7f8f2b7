import { join } from "node:path";
import type { Artifact, BackendContext, Session, Tensors } from "@vlm-export/backend-api";
import type { TensorData } from "@vlm-export/ir";
import { createEngine, type EngineSession } from "@vlm-export/engine";
import { engineFailure } from "./engine-failure.js";

/**
 * Opens every model file of the artifact in ONNX Runtime, every Q/DQ operator computed as it stands: integer kernels of the engine differ by
 * processor (8-bit products saturate on x86 without VNNI), and the proof must not. With several files, names are
 * `component/name`. Throws VX-VERIFY-ONNX-ENGINE, and VX-ENGINE-* and VX-TOOL-ONNX-ENGINE of kind tool.
 */
export async function openSession(
  artifact: Artifact,
  { tmpDir, signal }: Pick<BackendContext<unknown>, "tmpDir" | "signal">,
): Promise<Session> {
  const engine = await createEngine({ tempRoot: tmpDir });
  const files = artifact.files.filter(({ path }) => path.endsWith(".onnx"));
  const sessions = new Map<string, EngineSession>();
  const close = async (): Promise<void> => {
    for (const session of sessions.values()) await session.close();
    engine.close();
  };
  try {
    for (const { path } of files)
      sessions.set(
        files.length === 1 ? "" : `${path.slice(0, -".onnx".length)}/`,
        await engine.openFile(join(artifact.dir, path), { arithmetic: "plain", ...(signal && { signal }) }),
      );
  } catch (error) {
    await close();
    throw engineFailure(error);
  }
  return {
    name: engine.name,
    version: engine.version,
    async run(inputs) {
      const outputs = new Map<string, TensorData>();
      for (const [prefix, session] of sessions) {
        const result = await session.run(withoutPrefix(inputs, prefix)).catch((error: unknown) => {
          throw engineFailure(error);
        });
        for (const [name, tensor] of result.outputs) outputs.set(prefix + name, tensor);
      }
      return outputs;
    },
    close,
  };
}

function withoutPrefix(inputs: Tensors, prefix: string): Tensors {
  return new Map([...inputs].filter(([name]) => name.startsWith(prefix)).map(([name, tensor]) => [name.slice(prefix.length), tensor]));
}

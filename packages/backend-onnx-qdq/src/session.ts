import { join } from "node:path";
import type { Artifact, BackendContext, Session, Tensors } from "@vlm-export/backend-api";
import { type Arithmetic, createEngine, type Engine, type EngineSession } from "@vlm-export/engine";
import type { TensorData } from "@vlm-export/ir";
import { engineFailure } from "./engine-failure.js";

/** Sessions over the model files, by what stands before the names of their inputs and outputs. */
type Sessions = ReadonlyMap<string, EngineSession>;

const ADVICE =
  "On x86 processors without VNNI kernels for int8 weights saturate: targets.onnx-qdq.signedness: unsigned avoids it. Behind 16-bit " +
  'activations and 4-bit weights set the session option "session.qdq_matmulnbits_accuracy_level" to "1". Where it does not run, as with 2-bit ' +
  'weights or (in 1.30) 8-bit ones in blocks behind 8-bit activations, set "session.disable_quant_qdq" to "1".';

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
  const open = (arithmetic: Arithmetic): Promise<Sessions> => openFiles(engine, artifact, { arithmetic, ...(signal && { signal }) });
  const plain = await open("plain").catch((error: unknown) => {
    engine.close();
    throw error;
  });
  let byDefault: Promise<Sessions> | undefined;
  return {
    name: engine.name,
    version: engine.version,
    run: (inputs) => runAll(plain, inputs),
    defaults: { advice: ADVICE, run: async (inputs) => runAll(await (byDefault ??= open("default")), inputs) },
    async close() {
      await closeAll(plain);
      await closeAll((await byDefault?.catch(() => undefined)) ?? new Map());
      engine.close();
    },
  };
}

async function openFiles(
  engine: Engine,
  { dir, files }: Artifact,
  options: { readonly arithmetic: Arithmetic; readonly signal?: AbortSignal },
): Promise<Sessions> {
  const models = files.filter(({ path }) => path.endsWith(".onnx"));
  const sessions = new Map<string, EngineSession>();
  try {
    for (const { path } of models)
      sessions.set(models.length === 1 ? "" : `${path.slice(0, -".onnx".length)}/`, await engine.openFile(join(dir, path), options));
  } catch (error) {
    await closeAll(sessions);
    throw engineFailure(error);
  }
  return sessions;
}

async function closeAll(sessions: Sessions): Promise<void> {
  for (const session of sessions.values()) await session.close();
}

async function runAll(sessions: Sessions, inputs: Tensors): Promise<Tensors> {
  const outputs = new Map<string, TensorData>();
  for (const [prefix, session] of sessions) {
    const result = await session.run(withoutPrefix(inputs, prefix)).catch((error: unknown) => {
      throw engineFailure(error);
    });
    for (const [name, tensor] of result.outputs) outputs.set(prefix + name, tensor);
  }
  return outputs;
}

function withoutPrefix(inputs: Tensors, prefix: string): Tensors {
  return new Map([...inputs].filter(([name]) => name.startsWith(prefix)).map(([name, tensor]) => [name.slice(prefix.length), tensor]));
}

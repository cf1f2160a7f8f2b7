import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Artifact, Session, Tensors } from "@vlm-export/backend-api";
import { type DType, memoryTensor, type TensorData, widenedTensor } from "@vlm-export/ir";
import { openModel } from "../decode/open-model.js";
import { toolEngine, toolEngineAbsent, toolInput } from "../errors.js";
import { type EngineInput, type EngineModel, type EngineTensor, WorkerClient } from "./worker-client.js";

const packageName = "@litertjs/core";
const engineTypes: ReadonlyMap<string, DType> = new Map([
  ["float32", "f32"],
  ["int32", "i32"],
  ["uint8", "u8"],
]);

/** The engine's entry file and version. Throws VX-TOOL-TFLITE-ENGINE-ABSENT. */
export function findEngine(): { readonly entry: string; readonly version: string } {
  try {
    const entry = createRequire(import.meta.url).resolve(packageName);
    const { version } = JSON.parse(readFileSync(join(dirname(entry), "..", "package.json"), "utf8")) as { readonly version: string };
    return { entry, version };
  } catch (error) {
    throw toolEngineAbsent(error);
  }
}

interface OpenModel {
  /** Put before input and output names; empty with one component. */
  readonly prefix: string;
  readonly client: WorkerClient;
  readonly model: EngineModel;
}

/** Opens every .tflite file of the artifact on @litertjs/core (TFLite with XNNPACK, in WebAssembly). Throws VX-TOOL-TFLITE-*. */
export async function openArtifact(artifact: Artifact): Promise<Session> {
  const { entry, version } = findEngine();
  const paths = artifact.files.map(({ path }) => path).filter((path) => path.endsWith(".tflite"));
  const clients: WorkerClient[] = [];
  const models: OpenModel[] = [];
  const close = async () => void (await Promise.all(clients.map((client) => client.close())));
  try {
    for (const path of paths) {
      const prefix = paths.length > 1 ? `${componentOf(artifact, path)}/` : "";
      const client = new WorkerClient(entry, join(artifact.dir, path));
      clients.push(client);
      models.push({ prefix, client, model: await client.load() });
    }
  } catch (error) {
    await close();
    throw error;
  }
  const inputShapes = new Map(
    models.flatMap(({ prefix, model }) => model.inputs.map(({ name, shape }) => [prefix + name, shape] as const)),
  );
  return { name: packageName, version, inputShapes, run: (inputs) => runAll(models, inputs), close };
}

/** The component that a file holds: the name of its subgraph. */
function componentOf(artifact: Artifact, path: string): string {
  return openModel(artifact, path).subgraphs[0]?.name ?? path;
}

/** Models whose inputs are given are run; the others are not part of this call. */
async function runAll(models: readonly OpenModel[], inputs: Tensors): Promise<Tensors> {
  const results = new Map<string, TensorData>();
  for (const { prefix, client, model } of models) {
    if (!model.inputs.every(({ name }) => inputs.has(prefix + name)) && models.length > 1) continue;
    const given = model.inputs.map((input) => engineInput(input, inputs.get(prefix + input.name)));
    const outputs = await client.run(given);
    model.outputs.forEach((output, i) => results.set(prefix + output.name, resultTensor(output, outputs[i] as Uint8Array)));
  }
  return results;
}

function engineInput({ name, dtype, shape }: EngineTensor, tensor: TensorData | undefined): EngineInput {
  if (!tensor) throw toolEngine(`input ${JSON.stringify(name)} is missing`);
  const bytes = dtype === "int32" && tensor.dtype === "i64" ? int32Of(tensor) : dtype === "float32" ? float32Of(tensor) : tensor.bytes();
  const expected = shape.reduce((a, b) => a * b, dtype === "uint8" ? 1 : 4);
  if (bytes.byteLength !== expected) {
    throw toolInput(name, `${tensor.dtype}[${tensor.shape.join(", ")}]`, `${dtype}[${shape.join(", ")}]`);
  }
  return { bytes, dtype, shape };
}

/** Real numbers are float32 in the file, also where the graph has 16-bit floats. */
function float32Of(tensor: TensorData): Uint8Array {
  return (tensor.dtype === "f16" || tensor.dtype === "bf16" ? widenedTensor(tensor) : tensor).bytes();
}

function int32Of(tensor: TensorData): Uint8Array {
  const bytes = tensor.bytes().slice();
  const values = Int32Array.from(new BigInt64Array(bytes.buffer, 0, bytes.byteLength / 8), Number);
  return new Uint8Array(values.buffer);
}

function resultTensor({ name, dtype, shape }: EngineTensor, bytes: Uint8Array): TensorData {
  const type = engineTypes.get(dtype);
  if (!type) throw toolEngine(`output ${JSON.stringify(name)} is of type ${dtype}`);
  return memoryTensor(type, shape, bytes);
}

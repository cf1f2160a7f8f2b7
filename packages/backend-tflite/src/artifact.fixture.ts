import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Artifact, type BackendContext, quantizedValues, scaleValues, zeroPointValues } from "@vlm-export/backend-api";
import { type Diagnostic, GraphEditor, type Model, runPasses } from "@vlm-export/ir";
import { standardOps } from "@vlm-export/ops";
import { afterAll, expect } from "vitest";
import backend from "./index.js";
import type { TfliteTargetOptions } from "./target-model.js";

const ops = standardOps();
const tmp = mkdtempSync(join(tmpdir(), "vlm-tflite-"));
afterAll(() => rmSync(tmp, { recursive: true, force: true }));

let nextFolder = 0;

/** Legalizes, lowers and emits the model into a folder of its own. */
export async function built(model: Model, options: TfliteTargetOptions = { io: "float32" }) {
  const dir = join(tmp, `artifact${(nextFolder += 1)}`);
  mkdirSync(dir);
  const files = new Map<string, Uint8Array[]>();
  const diagnostics: Diagnostic[] = [];
  const context: BackendContext<TfliteTargetOptions> = {
    options,
    ops,
    tmpDir: tmp,
    report: (diagnostic) => diagnostics.push(diagnostic),
    createFile: async (path) => {
      const chunks: Uint8Array[] = [];
      files.set(path, chunks);
      return {
        write: async (chunk) => void chunks.push(chunk.slice()),
        close: async () => writeFileSync(join(dir, path), Buffer.concat(chunks)),
      };
    },
    exec: () => Promise.reject(new Error("no programs")),
  };
  for (const graph of model.components.values()) runPasses(new GraphEditor(ops, graph), backend.legalize!, context);
  const target = await backend.lower(model, new Map(), context);
  const emitted = await backend.emit(target, context);
  const artifact: Artifact = {
    backend: "tflite",
    dir,
    formatVersion: emitted.formatVersion,
    tensors: emitted.tensors,
    ...(emitted.constants && { constants: emitted.constants }),
    losses: [],
    files: [...files.keys()].map((path) => {
      const bytes = readFileSync(join(dir, path));
      return { path, sizeBytes: bytes.byteLength, sha256: createHash("sha256").update(bytes).digest("hex") };
    }),
  };
  return { artifact, target, context, diagnostics };
}

/** Asserts that the artifact holds every integer, scale and zero point of the model. */
export async function expectProof(model: Model, artifact: Artifact, context: BackendContext<TfliteTargetOptions>): Promise<void> {
  const decoded = await backend.decode(artifact, context);
  const constants = new Map(decoded.constants?.map(({ value, data }) => [value, data]));
  for (const { value } of artifact.constants ?? []) expect(constants.get(value), value).toBeDefined();
  const byName = new Map(decoded.tensors.map((tensor) => [tensor.value, tensor]));
  for (const value of quantizedValues(model.components.get("main")!)) {
    const quant = value.type.quant!;
    const tensor = byName.get(value.name);
    expect(tensor, value.name).toMatchObject({ storage: quant.storage, scale: scaleValues(quant) });
    expect(tensor!.zeroPoint, value.name).toEqual(quant.zeroPoint ? zeroPointValues(quant) : tensor!.zeroPoint.map(() => 0));
    if (value.data) expect(Buffer.from(tensor!.ints!.bytes()), value.name).toEqual(Buffer.from(value.data.bytes()));
  }
}

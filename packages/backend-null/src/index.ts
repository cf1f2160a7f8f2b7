import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Backend, type DecodedTensor, defineBackend, quantizedValues, scaleValues, zeroPointValues } from "@vlm-export/backend-api";
import { type DType, type Graph, memoryTensor, windowsOf } from "@vlm-export/ir";

/** One line of `tensors.json`: everything but the integers. */
interface Entry {
  readonly component: string;
  readonly value: string;
  readonly storage: DType;
  readonly shape: readonly number[];
  readonly file?: string;
  readonly scale: readonly number[];
  readonly zeroPoint: readonly number[];
}

/** Writes integers raw, one file per constant, and scales in `tensors.json`: the smallest whole backend, for tests and for the plugin guide. */
const nullBackend: Backend<object, ReadonlyMap<string, Graph>> = defineBackend({
  name: "null",
  apiVersion: 1,
  capabilities: {
    units: ["cpu"],
    weights: ["i8", "u8", "i4", "u4", "i2", "u2", "i16", "i32", "f16", "f32"],
    activations: ["i8", "u8", "i16", "u16", "f16", "f32"],
    granularities: ["tensor", "channel", "block", "token"],
    blockSizes: [],
    rules: [{ id: "null/all", op: "*", units: ["cpu"], verdict: "native", reason: "Nothing is run.", source: "this backend" }],
    optionsSchema: { type: "object", additionalProperties: false },
  },

  lower: (model) => model.components,

  async emit(components, context) {
    const entries: Entry[] = [];
    for (const [component, graph] of components) {
      for (const value of quantizedValues(graph)) {
        const { quant, shape } = value.type;
        const file = value.data && `${entries.length}.bin`;
        entries.push({
          component,
          value: value.name,
          storage: quant!.storage,
          shape: (shape ?? []).map(Number),
          scale: [...scaleValues(quant!)],
          zeroPoint: zeroPointValues(quant!),
          ...(file && { file }),
        });
        if (!file || !value.data) continue;
        const out = await context.createFile(file);
        for (const window of windowsOf(value.data)) await out.write(window);
        await out.close();
      }
    }
    const index = await context.createFile("tensors.json");
    await index.write(Buffer.from(JSON.stringify(entries)));
    await index.close();
    return {
      formatVersion: "1",
      tensors: entries.map(({ component, value, file }) => ({ component, value, key: file ?? "", reencodings: [] })),
    };
  },

  async decode(artifact) {
    const entries = JSON.parse(readFileSync(join(artifact.dir, "tensors.json"), "utf8")) as readonly Entry[];
    const tensors = entries.map(({ component, value, storage, shape, scale, zeroPoint, file }): DecodedTensor => {
      const ints = file && memoryTensor(storage, shape, readFileSync(join(artifact.dir, file)));
      return { component, value, storage, scale: Float32Array.from(scale), zeroPoint, reencoded: [], ...(ints && { ints }) };
    });
    return { decoder: "null 1", tensors };
  },
});

export default nullBackend;

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Artifact, type Backend, type DecodedTensor, decodeMalformed, defineBackend } from "@vlm-export/backend-api";
import { quantizedValues, scaleValues, zeroPointValues } from "@vlm-export/backend-api";
import { type DType, type Graph, memoryTensor, type QuantSpec, windowsOf } from "@vlm-export/ir";

type Entry = Omit<DecodedTensor, "ints" | "scale" | "reencoded"> & { readonly shape: number[]; readonly scale: number[]; file: string };
const any: readonly DType[] = ["i8", "u8", "i4", "u4", "i2", "u2", "i16", "u16", "i32", "f16", "f32"];
const granularities = ["tensor", "channel", "block", "token"] as const;
const rule = { id: "null/all", op: "*", units: ["cpu"], verdict: "native", reason: "Nothing is run.", source: "this backend" } as const;
const optionsSchema = { type: "object", additionalProperties: false };

/** Writes integers raw, one file per constant, and scales in `tensors.json`: the smallest whole backend, for tests and for the plugin guide. */
const nullBackend: Backend<object, ReadonlyMap<string, Graph>> = defineBackend({
  name: "null",
  apiVersion: 1,
  capabilities: { units: ["cpu"], weights: any, activations: any, granularities, blockSizes: [], rules: [rule], optionsSchema },
  lower: (model) => model.components,
  async emit(components, context) {
    const entries: Entry[] = [];
    for (const [component, graph] of components) {
      for (const { name, type, data } of quantizedValues(graph)) {
        const quant = type.quant as QuantSpec;
        const [scale, zeroPoint, shape] = [[...scaleValues(quant)], zeroPointValues(quant), (type.shape ?? []).map(Number)];
        const file = data ? `${entries.length}.bin` : "";
        entries.push({ component, value: name, storage: quant.storage, shape, scale, zeroPoint, file });
        if (!data) continue;
        const out = await context.createFile(file);
        for (const window of windowsOf(data)) await out.write(window);
        await out.close();
      }
    }
    const index = await context.createFile("tensors.json");
    await index.write(Buffer.from(JSON.stringify(entries)));
    await index.close();
    return { formatVersion: "1", tensors: entries.map(({ component, value, file }) => ({ component, value, key: file, reencodings: [] })) };
  },
  async decode({ dir }: Artifact) {
    try {
      const entries = JSON.parse(readFileSync(join(dir, "tensors.json"), "utf8")) as readonly Entry[];
      const tensors = entries.map(({ shape, scale, file, ...rest }): DecodedTensor => {
        const ints = file && memoryTensor(rest.storage, shape, readFileSync(join(dir, file)));
        return { ...rest, scale: Float32Array.from(scale), reencoded: [], ...(ints && { ints }) };
      });
      return { decoder: "null 1", tensors };
    } catch (error) {
      throw decodeMalformed("null", error);
    }
  },
});

export default nullBackend;

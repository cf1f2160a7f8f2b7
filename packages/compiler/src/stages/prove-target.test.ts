import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type Backend,
  type DecodedTensor,
  defineBackend,
  type Emitted,
  quantizedValues,
  scaleValues,
  zeroPointValues,
} from "@vlm-export/backend-api";
import { type DType, f32Tensor, memoryTensor, type Model, staticShape, type TensorData, type Value, VxError } from "@vlm-export/ir";
import { loadRecipe } from "@vlm-export/recipe";
import { afterAll, expect, test } from "vitest";
import { compile } from "../compile.js";

const folder = mkdtempSync(join(tmpdir(), "vlm-export-prove-target-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const any: readonly DType[] = ["i8", "u8", "i32", "f16", "f32"];
const sound: Backend<unknown, Model> = defineBackend<unknown, Model>({
  name: "sound",
  apiVersion: 1,
  capabilities: {
    units: ["cpu"],
    weights: any,
    activations: any,
    granularities: ["tensor", "channel"],
    blockSizes: [],
    rules: [{ id: "test/all", op: "*", units: ["cpu"], verdict: "native", reason: "Anything.", source: "this test" }],
    optionsSchema: {},
  },
  lower: (model) => model,
  async emit({ components }, context) {
    const tensors = [...components].flatMap(([component, graph]) => quantizedValues(graph).map((value) => stored(component, value)));
    const file = await context.createFile("tensors.json");
    await file.write(Buffer.from(JSON.stringify(tensors)));
    await file.close();
    return { formatVersion: "1", tensors: tensors.map(({ component, value }) => ({ component, value, key: value, reencodings: [] })) };
  },
  async decode({ dir }) {
    const tensors = JSON.parse(readFileSync(join(dir, "tensors.json"), "utf8")) as readonly ReturnType<typeof stored>[];
    return { decoder: "test", tensors: tensors.map(loaded) };
  },
});

function stored(component: string, { name, type, data }: Value) {
  const { quant } = type;
  return {
    component,
    value: name,
    storage: quant!.storage,
    shape: staticShape(type) ?? [],
    scale: [...scaleValues(quant!)],
    zeroPoint: zeroPointValues(quant!),
    ints: data && Buffer.from(data.bytes()).toString("base64"),
  };
}

function loaded({ ints, shape, scale, ...named }: ReturnType<typeof stored>): DecodedTensor {
  const data = ints === undefined ? undefined : memoryTensor(named.storage, shape, Buffer.from(ints, "base64"));
  return { ...named, scale: Float32Array.from(scale), reencoded: [], ...(data && { ints: data }) };
}

const twice = (emitted: Emitted): Emitted => ({ ...emitted, tensors: [...emitted.tensors, ...emitted.tensors.slice(0, 1)] });
const more = (emitted: Emitted): Emitted => ({
  ...emitted,
  tensors: [...emitted.tensors, { component: "main", value: "no such", key: "0", reencodings: [] }],
});

/** What a target `bad` with these hooks comes to, and the hash of what a sound one writes after it. */
async function exported(hooks: Partial<typeof sound>, verify: "decode" | "run" = "decode") {
  const out = mkdtempSync(join(folder, "out-"));
  const backends = [defineBackend<unknown, Model>({ ...sound, name: "bad", ...hooks }), sound] as readonly Backend[];
  const { report } = await compile({
    modelPath: fileURLToPath(new URL("../../../../examples/tiny-llava/onnx/classifier.onnx", import.meta.url)),
    recipe: await loadRecipe("preset:weights-int8"),
    byDefault: false,
    targets: backends.map(({ name }) => name),
    outDir: join(out, "dist"),
    verify,
    backends: new Map(backends.map((backend) => [backend.name, { backend, from: "test", version: "0" }])),
    cacheDir: join(folder, "cache"),
    tool: { name: "vlm-export", version: "0" },
    environment: {},
  });
  expect(readdirSync(join(out, "dist"))).not.toContain("stray.bin");
  const { bad, sound: after } = report.targets;
  expect(after).toMatchObject({ status: "ok", proof: { tensorsDifferent: 0 } });
  expect(after?.proof?.tensorsCompared).toBeGreaterThan(0);
  const { status, diagnostics, proof } = bad ?? {};
  return { status, codes: diagnostics?.map(({ code }) => code), proof, bytes: after?.files[0]?.sha256 };
}

test("bytes that a plugin changed where it read them reach no later target, nor its own artifact", async () => {
  const { bytes } = await exported({});
  const found = await exported({
    emit: (model, context) => {
      for (const { data } of [...model.components.values()].flatMap(quantizedValues)) if (data) data.bytes(0, 1)[0]! ^= 0x80;
      return sound.emit(model, context);
    },
  });
  expect(found).toMatchObject({ status: "ok", codes: [], bytes });
  expect(bytes).toMatch(/^[0-9a-f]{64}$/);
});

test.each<readonly [string, Partial<typeof sound>, string]>([
  ["an emit that gives nothing", { emit: async () => undefined as never }, "VX-PLUGIN-CRASH"],
  ["an emit that lists nothing", { emit: async () => ({ formatVersion: "1", tensors: [] }) }, "VX-PLUGIN-UNLISTED"],
  ["an emit that lists a value twice", { emit: async (model, context) => twice(await sound.emit(model, context)) }, "VX-PLUGIN-LISTED"],
  ["an emit that lists what is not there", { emit: async (model, context) => more(await sound.emit(model, context)) }, "VX-PLUGIN-LISTED"],
  ["a decode that gives no list", { decode: async () => ({ decoder: "bad" }) as never }, "VX-PLUGIN-CRASH"],
  [
    "a thrown object that cannot be read",
    {
      emit: () => {
        const trap = (): never => {
          throw new Error("trap");
        };
        throw new Proxy({}, { get: trap, getPrototypeOf: trap });
      },
    },
    "VX-PLUGIN-CRASH",
  ],
  [
    "a tensor that cannot be read when it is compared",
    {
      decode: async (artifact, context) => {
        const { tensors, ...decoded } = await sound.decode(artifact, context);
        const scale = (): never => {
          throw new TypeError("no scales");
        };
        return { ...decoded, tensors: tensors.map((tensor) => Object.defineProperty({ ...tensor }, "scale", { get: scale })) };
      },
    },
    "VX-PLUGIN-CRASH",
  ],
  ["an abort that the host did not ask for", { lower: () => Promise.reject(new DOMException("gone", "AbortError")) }, "VX-PLUGIN-CRASH"],
  [
    "an emit that writes past the host",
    {
      emit: async (model, context) => {
        writeFileSync(join(dirname(context.tmpDir), "bad", "stray.bin"), "");
        return sound.emit(model, context);
      },
    },
    "VX-PLUGIN-FILES",
  ],
  [
    "a decode that removes its artifact",
    {
      decode: async (artifact, context) => {
        const decoded = await sound.decode(artifact, context);
        rmSync(artifact.dir, { recursive: true });
        return decoded;
      },
    },
    "VX-PLUGIN-FILES",
  ],
  [
    "a decode that writes beside its artifact",
    {
      decode: async (artifact, context) => {
        writeFileSync(join(artifact.dir, "../stray.bin"), "");
        return sound.decode(artifact, context);
      },
    },
    "VX-PLUGIN-FILES",
  ],
  ["a path outside the artifact", { emit: (_, context) => context.createFile("../x") as never }, "VX-PLUGIN-FILE-PATH"],
  ["a coded error without a finding", { lower: () => Promise.reject(new VxError([])) }, "VX-PLUGIN-CRASH"],
])("%s fails its own target only", async (_, hooks, code) => {
  expect(await exported(hooks)).toMatchObject({ status: "failed", codes: [code] });
});

test.each<readonly [string, ReadonlyMap<string, TensorData>, string]>([
  ["no output of the model", new Map([["other", f32Tensor([1], [1])]]), "VX-VERIFY-OUTPUT"],
  ["an output without its bytes", new Map([["logits", { ...f32Tensor([1], [1]), bytes: () => new Uint8Array(3) }]]), "VX-PLUGIN-CRASH"],
])("an engine that gives %s fails its target", async (_, outputs, code) => {
  const open = async () => ({ name: "engine", version: "1", run: async () => outputs, close: async () => undefined });
  const { status, codes } = await exported({ open }, "run");
  expect({ status, codes }).toEqual({ status: "failed", codes: [code] });
});

const session = { name: "engine", version: "1", run: async () => new Map<string, TensorData>(), close: async () => undefined };
const crash = () => Promise.reject(new TypeError("no such function"));

test.each<readonly [string, Partial<typeof sound>]>([
  ["open", { open: crash }],
  ["run", { open: async () => ({ ...session, run: crash }) }],
  ["close", { open: async () => ({ ...session, run: async () => new Map([["logits", f32Tensor([1], [1])]]), close: crash }) }],
])("what was proven before an engine's %s crashes stays proven", async (_, hooks) => {
  expect(await exported(hooks, "run")).toMatchObject({ status: "failed", codes: ["VX-PLUGIN-CRASH"], proof: { tensorsDifferent: 0 } });
});

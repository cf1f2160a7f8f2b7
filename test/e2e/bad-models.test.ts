import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { memoryRange } from "@vlm-export/formats/files";
import { onnxNode, onnxTensor, onnxValue, type OnnxModel } from "@vlm-export/formats/onnx";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { seeded } from "../fuzz/random.js";
import { type Finished, temporaryFolder, vlmExportMany } from "./run-cli.js";
import { f32, onnxBytes, ramp, smallModel, twoLayers } from "./small-models.js";

const folder = temporaryFolder();
afterAll(() => folder.remove());

/** A model on disk and what the command must say of it. */
interface Case {
  readonly name: string;
  /** Writes the model and what belongs to it; returns the path to give. */
  write(folder: string): Promise<string>;
  /** Error code, or 0 for a model that must be exported. */
  readonly expected: string | 0;
  /** Text of the message. */
  readonly says?: string;
  readonly recipe?: string;
}

const put = (path: string, bytes: Uint8Array): string => {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
  return path;
};
const bad = (name: string, expected: Case["expected"], says: string, model: OnnxModel): Case => ({
  name,
  expected,
  says,
  write: async (at) => put(join(at, "model.onnx"), await onnxBytes(model)),
});
const good = (name: string, model: OnnxModel, recipe?: string): Case => ({ ...bad(name, 0, "", model), ...(recipe && { recipe }) });

const DATA_BYTES = 128 * 4;

/** {@link twoLayers} with `w` in the file `location`. */
function external(location: string, offset = 0): Promise<Uint8Array> {
  const model = twoLayers();
  const [, ...others] = model.graph.initializers;
  const data = { kind: "external" as const, location, offset, length: DATA_BYTES, checksum: undefined, open: () => memoryRange(ramp(128)) };
  const initializers = [onnxTensor("w", "f32", [16, 8], data), ...others];
  return onnxBytes({ ...model, graph: { ...model.graph, initializers } }, { keepExternal: true });
}

const outside = (name: string, location: (folder: string) => string, says: string): Case => ({
  name,
  expected: "VX-IMPORT-EXTERNAL-PATH",
  says,
  async write(at) {
    put(join(at, "secret.bin"), ramp(128));
    return put(join(at, "model/model.onnx"), await external(location(at)));
  },
});

const EXTERNAL: readonly Case[] = [
  {
    name: "external data beside the model",
    expected: 0,
    async write(at) {
      put(join(at, "w.bin"), ramp(128));
      return put(join(at, "model.onnx"), await external("w.bin"));
    },
  },
  {
    name: "external data missing",
    expected: "VX-IMPORT-EXTERNAL-MISSING",
    says: "w.bin",
    write: async (at) => put(join(at, "model.onnx"), await external("w.bin")),
  },
  {
    name: "external data too short",
    expected: "VX-IMPORT-ONNX-EXTERNAL",
    says: "which has 508",
    async write(at) {
      put(join(at, "w.bin"), ramp(127));
      return put(join(at, "model.onnx"), await external("w.bin"));
    },
  },
  outside("external data climbs out", () => "../secret.bin", "climbs out"),
  outside("external data absolute", (at) => join(at, "secret.bin"), "is absolute"),
  {
    name: "external data behind a link that leads out",
    expected: "VX-IMPORT-EXTERNAL-PATH",
    says: "outside the model's folder",
    async write(at) {
      put(join(at, "secret.bin"), ramp(128));
      const model = put(join(at, "model/model.onnx"), await external("w.bin"));
      symlinkSync("../secret.bin", join(at, "model/w.bin"));
      return model;
    },
  },
  {
    name: "Hugging Face cache: model and data are links into ../../blobs",
    expected: 0,
    async write(at) {
      put(join(at, "models--a--b/blobs/11"), await external("model.onnx_data"));
      put(join(at, "models--a--b/blobs/22"), ramp(128));
      const snapshot = join(at, "models--a--b/snapshots/abc");
      mkdirSync(snapshot, { recursive: true });
      symlinkSync("../../blobs/11", join(snapshot, "model.onnx"));
      symlinkSync("../../blobs/22", join(snapshot, "model.onnx_data"));
      return join(snapshot, "model.onnx");
    },
  },
];

const add = (a: string, b: string, out: string) => onnxNode({ opType: "Add", inputs: [a, b], outputs: [out] });
const [x, y] = [onnxValue("x", "f32", [2]), onnxValue("y", "f32", [2])];
const withWeights = (values: readonly number[]) => twoLayers({}, f32(Array.from({ length: 128 }, (_, i) => values[i] ?? 0.5)));
const w = onnxTensor("w", "f32", [2], ramp(2));

const STRUCTURE: readonly Case[] = [
  bad(
    "nodes in a ring",
    "VX-IMPORT-CYCLE",
    "",
    smallModel({ name: "g", inputs: [x], outputs: [y], nodes: [add("x", "b", "y"), add("x", "y", "b")] }),
  ),
  bad("an element type of a later ONNX", "VX-IMPORT-DTYPE", "77", {
    ...smallModel({
      name: "g",
      inputs: [{ ...x, type: { kind: "tensor", elemType: 77, shape: undefined, denotation: "" } }],
      outputs: [y],
      nodes: [add("x", "x", "y")],
    }),
  }),
  bad(
    "an IR version of a later ONNX",
    "VX-IMPORT-ONNX-IR-VERSION",
    "99",
    smallModel({ name: "g", inputs: [x], outputs: [y], nodes: [add("x", "x", "y")] }, 17, 99),
  ),
  bad(
    "an opset of a later ONNX",
    "VX-IMPORT-OPSET",
    "99",
    smallModel({ name: "g", inputs: [x], outputs: [y], nodes: [add("x", "x", "y")] }, 99),
  ),
  bad(
    "two initializers of one name",
    "VX-IMPORT-DUPLICATE-NAME",
    '"w"',
    smallModel({ name: "g", inputs: [x], outputs: [y], initializers: [w, w], nodes: [add("x", "w", "y")] }),
  ),
  bad(
    "two nodes that make one value",
    "VX-IMPORT-DUPLICATE-NAME",
    '"y"',
    smallModel({ name: "g", inputs: [x], outputs: [y], nodes: [add("x", "x", "y"), add("x", "x", "y")] }),
  ),
  bad(
    "a value that nothing makes",
    "VX-IMPORT-MISSING-VALUE",
    '"nowhere"',
    smallModel({ name: "g", inputs: [x], outputs: [y], nodes: [add("x", "nowhere", "y")] }),
  ),
  bad("NaN in a weight", "VX-QUANT-", '"w"', withWeights([1, Number.NaN])),
  bad("infinity in a weight", "VX-QUANT-", '"w"', withWeights([1, Number.POSITIVE_INFINITY])),
];

const UNUSUAL: readonly Case[] = [
  good("a scalar and a tensor of no elements", {
    ...smallModel({
      name: "g",
      inputs: [onnxValue("x", "f32", [2, 16])],
      outputs: [onnxValue("y", "f32", [2, 8]), onnxValue("z", "f32", [2, 16])],
      initializers: [
        onnxTensor("w", "f32", [16, 8], ramp(128)),
        onnxTensor("s", "f32", [], f32([0.5])),
        onnxTensor("none", "f32", [0, 16], new Uint8Array(0)),
      ],
      nodes: [
        onnxNode({ opType: "Mul", inputs: ["x", "s"], outputs: ["h"] }),
        onnxNode({ opType: "MatMul", inputs: ["h", "w"], outputs: ["y"] }),
        onnxNode({
          opType: "Concat",
          inputs: ["x", "none"],
          outputs: ["z"],
          attributes: [{ name: "axis", docString: "", kind: "int", value: 0n }],
        }),
      ],
    }),
  }),
  good(
    "extents that only data can tell, without data",
    smallModel({
      name: "g",
      inputs: [onnxValue("x", "f32", ["batch", "sequence", 16])],
      outputs: [onnxValue("y", "f32", undefined)],
      initializers: [onnxTensor("w", "f32", [16, 8], ramp(128))],
      nodes: [onnxNode({ opType: "MatMul", inputs: ["x", "w"], outputs: ["y"] })],
    }),
  ),
  good("weights that are all zero", twoLayers({}, new Uint8Array(DATA_BYTES))),
  good(
    "names that JavaScript objects have",
    twoLayers({ x: "__proto__", w: "constructor", h: "toString", r: "hasOwnProperty", v: "valueOf", y: "prototype" }),
  ),
  good(
    "names like paths and shell words",
    twoLayers({ x: "../../x", w: "/etc/passwd", h: "$(rm -rf .)", r: "a;b", v: "C:\\w", y: "\u202ey" }),
  ),
];

const CASES = [...EXTERNAL, ...STRUCTURE, ...UNUSUAL];
let results: ReadonlyMap<string, { readonly run: Finished; readonly at: string }>;

beforeAll(async () => {
  const runs = await Promise.all(
    CASES.map(async ({ name, write, recipe = "preset:weights-int8" }, i) => {
      const at = join(folder.path, String(i));
      const model = await write(at);
      mkdirSync(join(at, "made"));
      return { name, at, args: [model, "-r", recipe, "-t", "onnx-qdq", "-o", join(at, "made/dist"), "--cache", "off", "--quiet"] };
    }),
  );
  const finished = vlmExportMany(runs.map(({ args }) => args));
  results = new Map(runs.map(({ name, at }, i) => [name, { run: finished[i]!, at }]));
}, 120_000);

test.each(CASES)("$name: $expected", ({ name, expected, says = "" }) => {
  const { run, at } = results.get(name)!;
  const { code, stderr } = run;
  if (expected === 0) {
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(readdirSync(join(at, "made"))).toEqual(["dist"]);
    return;
  }
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(expected) });
  for (const text of ["hint: ", says]) expect(stderr).toContain(text);
  expect(readdirSync(join(at, "made"))).toEqual([]);
});

describe("a damaged model file", () => {
  test.each(["cut short", "with flipped bits"])("%s: a code or a proven artifact, nothing between", async (damage) => {
    const whole = await onnxBytes(twoLayers());
    const random = seeded(damage.length);
    const args = Array.from({ length: 16 }, (_, i) => {
      const bytes = damage === "cut short" ? whole.slice(0, Math.floor((i * whole.length) / 16)) : whole.slice();
      if (damage !== "cut short") for (let n = 0; n < 3; n += 1) bytes[random.below(Math.min(bytes.length, 120))]! ^= 1 << random.below(8);
      const at = join(folder.path, `${damage} ${i}`);
      return [put(join(at, "model.onnx"), bytes), "-t", "onnx-qdq", "-o", join(at, "made/dist"), "--verify", "decode", "--quiet"];
    });
    for (const [i, { code, stderr }] of vlmExportMany(args).entries()) {
      expect({ i, code, stderr }).toMatchObject(code === 0 ? { code: 0 } : { code: 1, stderr: expect.stringMatching(/VX-[A-Z]+-/) });
      const made = join(folder.path, `${damage} ${i}`, "made");
      expect(existsSync(made) ? readdirSync(made) : []).toEqual(code === 0 ? ["dist"] : []);
    }
  });
});

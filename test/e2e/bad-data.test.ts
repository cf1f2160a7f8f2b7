import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { NpySource } from "@vlm-export/formats/npy";
import { afterAll, beforeAll, test } from "vitest";
import { type Finished, temporaryFolder, vlmExportMany } from "./run-cli.js";
import { expectOutcome } from "./outcome.js";
import { f32, npz, oneConvolution, onnxBytes, ramp, twoLayers } from "./small-models.js";

const folder = temporaryFolder();
afterAll(() => folder.remove());

type Arrays = Readonly<Record<string, NpySource>>;

/** A data set and what the command must say of it. */
interface Case {
  readonly name: string;
  /** Lines of the JSONL file; undefined = there is no file. */
  readonly lines: readonly string[] | undefined;
  readonly files?: Readonly<Record<string, Arrays | Uint8Array>>;
  readonly model?: "matrices" | "picture";
  /** Error code, or 0 for data that must give a proven artifact. */
  readonly expected: string | 0;
  /** Texts of the message. */
  readonly says: readonly string[];
}

const x = (values: Uint8Array, shape: readonly number[] = [2, 16], dtype: NpySource["dtype"] = "f32"): Arrays => ({
  x: { dtype, shape, data: values },
});
const LINE = '{"tensors": "a.npz"}';
const good = x(ramp(32));
const withArrays = (name: string, expected: Case["expected"], arrays: Arrays, ...says: readonly string[]): Case => ({
  name,
  lines: [LINE],
  files: { "a.npz": arrays },
  expected,
  says,
});

const CASES: readonly Case[] = [
  { name: "no such file", lines: undefined, expected: "VX-CAL-SOURCE", says: ["data.jsonl", "no such file"] },
  { name: "an empty file", lines: [], expected: "VX-CAL-EMPTY", says: ["data.jsonl", "no samples"] },
  { name: "empty lines only", lines: ["", " "], expected: "VX-CAL-EMPTY", says: ["data.jsonl"] },
  {
    name: "a line that is no JSON",
    lines: [LINE, LINE, "{'tensors': 1}"],
    files: { "a.npz": good },
    expected: "VX-CAL-JSONL",
    says: ["data.jsonl:3"],
  },
  { name: "a line that is no sample", lines: [LINE, "[1]"], files: { "a.npz": good }, expected: "VX-CAL-JSONL", says: ["data.jsonl:2"] },
  {
    name: "a key of all objects",
    lines: ['{"tensors": "a.npz", "__proto__": {"tensors": "b.npz"}}'],
    files: { "a.npz": good },
    expected: 0,
    says: [],
  },
  {
    name: "a missing array file",
    lines: [LINE, '{"tensors": "gone.npz"}'],
    files: { "a.npz": good },
    expected: "VX-CAL-FILE",
    says: ["data.jsonl:2", "gone.npz"],
  },
  {
    name: "an array file that is none",
    lines: [LINE],
    files: { "a.npz": Buffer.from("PK no zip") },
    expected: "VX-IMPORT-NPZ-",
    says: ["data.jsonl:1"],
  },
  withArrays(
    "no array of the input's name",
    "VX-CAL-INPUT",
    { ["__proto__"]: { dtype: "f32", shape: [2], data: ramp(2) }, y: { dtype: "f32", shape: [2], data: ramp(2) } },
    '"x"',
    '"y"',
  ),
  withArrays("another shape", "VX-CAL-SHAPE", x(ramp(48), [3, 16]), '"x"', "[2, 16]", "[3, 16]", "data.jsonl:1"),
  withArrays("another element type", "VX-CAL-DTYPE", x(new Uint8Array(32 * 8), [2, 16], "f64"), '"x"', "f32", "f64"),
  withArrays(
    "NaN in a sample",
    "VX-CAL-NON-FINITE",
    x(f32(Array.from({ length: 32 }, (_, i) => (i === 7 ? Number.NaN : i)))),
    '"x"',
    "element 7",
  ),
  withArrays(
    "infinity in a sample",
    "VX-CAL-NON-FINITE",
    x(f32(Array.from({ length: 32 }, (_, i) => (i === 9 ? Number.POSITIVE_INFINITY : i)))),
    '"x"',
    "element 9",
  ),
  withArrays("the same number everywhere", 0, x(f32(Array.from({ length: 32 }, () => 0.25)))),
  withArrays("zero everywhere", 0, x(new Uint8Array(128))),
  withArrays("negative numbers only", 0, x(f32(Array.from({ length: 32 }, (_, i) => -1 - i)))),
  {
    name: "a broken picture",
    model: "picture",
    lines: ['{"image": "a.png"}'],
    files: { "a.png": Buffer.from("\u0089PNG\r\n\u001a\n and no more", "latin1") },
    expected: "VX-CAL-IMAGE",
    says: ["a.png", "data.jsonl:1"],
  },
  {
    name: "a picture that is text",
    model: "picture",
    lines: ['{"image": "a.jpg"}'],
    files: { "a.jpg": Buffer.from("hello") },
    expected: "VX-CAL-IMAGE",
    says: ["a.jpg", "data.jsonl:1"],
  },
  {
    name: "a picture for a model without picture settings",
    lines: ['{"image": "a.png"}'],
    files: { "a.png": Buffer.from("") },
    expected: "VX-CAL-IMAGE-SETTINGS",
    says: ["model: { image"],
  },
];

const PICTURE_RECIPE = `version: 1
extends: [preset:int8-full]
model: { image: { input: x, size: [4, 4], mean: [0, 0, 0], std: [1, 1, 1] } }
`;

let results: ReadonlyMap<string, { readonly run: Finished; readonly made: readonly string[] }>;

beforeAll(async () => {
  const models = { matrices: await onnxBytes(twoLayers()), picture: await onnxBytes(oneConvolution()) };
  const runs: { readonly name: string; readonly at: string; readonly args: readonly string[] }[] = [];
  for (const [i, { name, lines, files = {}, model = "matrices" }] of CASES.entries()) {
    const at = join(folder.path, String(i));
    mkdirSync(join(at, "made"), { recursive: true });
    writeFileSync(join(at, "model.onnx"), models[model]);
    writeFileSync(join(at, "picture.yaml"), PICTURE_RECIPE);
    if (lines) writeFileSync(join(at, "data.jsonl"), lines.join("\n"));
    for (const [file, content] of Object.entries(files))
      writeFileSync(join(at, file), content instanceof Uint8Array ? content : await npz(content));
    const recipe = model === "picture" ? join(at, "picture.yaml") : "preset:int8-full";
    const args = [join(at, "model.onnx"), "-r", recipe, "--calibration", join(at, "data.jsonl"), "-t", "onnx-qdq"];
    runs.push({ name, at, args: [...args, "-o", join(at, "made/dist"), "--cache", "off", "--quiet"] });
  }
  const finished = vlmExportMany(runs.map(({ args }) => args));
  results = new Map(runs.map(({ name, at }, i) => [name, { run: finished[i]!, made: readdirSync(join(at, "made")) }]));
}, 120_000);

test.each(CASES)("$name: $expected", ({ name, expected, says }) => expectOutcome(results.get(name)!, expected, ["hint: ", ...says]));

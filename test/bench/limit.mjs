/**
 * The limit: what any static calibration must at least do. Loads a model by path in onnxruntime-node and runs every
 * sample once, nothing else. Prints {loadMs, runMs, runs}; the caller measures the whole process.
 *
 *     node test/bench/limit.mjs MODEL.onnx SAMPLES.jsonl
 */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import * as ort from "onnxruntime-node";
import { readNpz } from "./lib/npz.mjs";
import { tensorOf } from "./lib/ort.mjs";

const [model, samples] = process.argv.slice(2);
const files = readFileSync(samples, "utf8")
  .split("\n")
  .filter(Boolean)
  .map((line) => join(dirname(samples), JSON.parse(line).tensors));

const started = performance.now();
const session = await ort.InferenceSession.create(model, { logSeverityLevel: 3 });
const loaded = performance.now();
for (const file of files) {
  const arrays = readNpz(file);
  await session.run(Object.fromEntries(session.inputNames.map((name) => [name, tensorOf(arrays.get(name))])));
}
process.stdout.write(
  `${JSON.stringify({ loadMs: Math.round(loaded - started), runMs: Math.round(performance.now() - loaded), runs: files.length })}\n`,
);

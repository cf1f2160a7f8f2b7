/**
 * Runs node cases in a process of its own, so that a crash of native code costs one case. Reads {folder} messages and
 * answers {stage: "source", ...} before it converts, then {source, ours}; started as: case-worker.mjs SCRATCH [CONVERT_MODULE].
 *
 * The convert module exports `convert(inPath, outPath)`: import the model at inPath and emit it, float, at outPath.
 */
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { compareOutputs } from "./compare.mjs";

const [scratch, convertModule] = process.argv.slice(2);
const convert = convertModule ? (await import(pathToFileURL(convertModule).href)).convert : undefined;

const ARRAYS = new Map([
  ["float", ["float32", Float32Array]],
  ["double", ["float64", Float64Array]],
  ["float16", ["float16", Uint16Array]],
  ["int64", ["int64", BigInt64Array]],
  ["int32", ["int32", Int32Array]],
  ["int16", ["int16", Int16Array]],
  ["int8", ["int8", Int8Array]],
  ["uint64", ["uint64", BigUint64Array]],
  ["uint32", ["uint32", Uint32Array]],
  ["uint16", ["uint16", Uint16Array]],
  ["uint8", ["uint8", Uint8Array]],
  ["bool", ["bool", Uint8Array]],
  ["int4", ["int4", Uint8Array]],
  ["uint4", ["uint4", Uint8Array]],
]);

function tensorOf(folder, entry) {
  if (entry.type === "string") return new Tensor("string", entry.strings, entry.shape);
  const known = ARRAYS.get(entry.type);
  if (!known) throw new Error(`binding: no ${entry.type ?? entry.kind} tensors`);
  const [type, ArrayType] = known;
  const bytes = readFileSync(join(folder, entry.file));
  return new Tensor(type, new ArrayType(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)), entry.shape);
}

/** Outputs of a model by position, or {error}. Graph optimizations are off: what is compared is the graph that was written. */
async function outputsOf(model, feeds) {
  try {
    const session = await InferenceSession.create(model, { logSeverityLevel: 4, graphOptimizationLevel: "disabled", intraOpNumThreads: 1 });
    const results = await session.run(
      Object.fromEntries(session.inputNames.map((name, k) => [name, feeds.get(name) ?? [...feeds.values()][k]])),
    );
    return { names: session.outputNames, values: session.outputNames.map((name) => results[name]) };
  } catch (error) {
    return {
      error: String(error.message)
        .replace(/Load model from .*? failed:/, "")
        .slice(0, 300),
    };
  }
}

async function runConverted(folder, spec, feeds, source) {
  const out = join(scratch, spec.name);
  mkdirSync(out, { recursive: true });
  try {
    await convert(join(folder, "model.onnx"), join(out, "model.onnx"));
  } catch (error) {
    return {
      status: "refused",
      reason: `${error.diagnostic?.code ?? error.name}: ${String(error.message).slice(0, 300)}`,
      coded: Boolean(error.diagnostic?.code),
    };
  }
  const ours = await outputsOf(join(out, "model.onnx"), feeds);
  rmSync(out, { recursive: true, force: true });
  if (ours.error) return source.error ? { status: "same-error" } : { status: "broken", reason: ours.error };
  return source.error ? { status: "runs" } : compareOutputs(source, ours, spec);
}

/** The source's own run: its outputs or error, whether it draws random numbers, and the feeds. */
async function runSource(folder, spec) {
  let feeds;
  try {
    feeds = new Map(spec.inputs.map((entry) => [entry.name, tensorOf(folder, entry)]));
  } catch (error) {
    return { feeds: new Map(), outputs: { error: error.message }, status: "unsupported", reason: error.message };
  }
  const outputs = await outputsOf(join(folder, "model.onnx"), feeds);
  if (outputs.error) return { feeds, outputs, status: "unsupported", reason: outputs.error };
  const again = await outputsOf(join(folder, "model.onnx"), feeds);
  const random = compareOutputs(outputs, again, spec).status !== "same";
  return { feeds, outputs: { ...outputs, random }, status: random ? "random" : "runs" };
}

async function runCase(folder) {
  const spec = JSON.parse(readFileSync(join(folder, "case.json"), "utf8"));
  const { feeds, outputs, status, reason } = await runSource(folder, spec);
  const result = { ops: spec.ops, source: { status, reason } };
  if (!convert) return result;
  process.send({ stage: "source", ...result });
  return { ...result, ours: await runConverted(folder, spec, feeds, outputs) };
}

process.on("message", async ({ folder }) => {
  process.send(await runCase(folder));
});
process.send({ ready: true });

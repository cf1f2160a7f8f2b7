// Thread that owns one @litertjs/core engine: the package is made for browsers and allows one loader per global scope.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { runInThisContext } from "node:vm";
import { parentPort, workerData } from "node:worker_threads";

const entry = workerData.entry;
const wasm = join(dirname(entry), "..", "wasm");

/** What the package and its loader script expect of a browser worker, and Emscripten of Node's CommonJS. */
Object.assign(globalThis, {
  self: globalThis,
  require: createRequire(entry),
  __dirname: wasm,
  importScripts: (path) => runInThisContext(readFileSync(path, "utf8"), { filename: path }),
});
Object.defineProperty(globalThis, "navigator", { value: { gpu: { requestAdapter: async () => null } }, configurable: true });

/** The engine writes what goes wrong to the console and carries on with memory that nothing was computed into. */
const errors = [];
for (const level of ["debug", "error", "info", "log", "warn"]) {
  console[level] = (...parts) => {
    const text = parts.join(" ");
    if (text.startsWith("ERROR")) errors.push(text);
  };
}

function refuseErrors() {
  if (errors.length > 0) throw new Error(errors.splice(0).slice(0, 3).join("; "));
}

const arrays = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array };
let model;

/** The package itself; a failure here says nothing about the model. */
async function openEngine() {
  const { loadLiteRt } = await import(pathToFileURL(entry).href);
  await loadLiteRt(join(wasm, "litert_wasm_compat_internal.js"));
}

async function load() {
  const { loadAndCompile } = await import(pathToFileURL(entry).href);
  model = await loadAndCompile(new Uint8Array(readFileSync(workerData.file)), { accelerator: "wasm" });
  refuseErrors();
  const facts = ({ name, dtype, shape }) => ({ name, dtype, shape: Array.from(shape) });
  return { inputs: model.getInputDetails().map(facts), outputs: model.getOutputDetails().map(facts) };
}

/** `inputs`: bytes, dtype and shape in the model's order; gives the outputs the same way. */
async function run(inputs) {
  const { Tensor } = await import(pathToFileURL(entry).href);
  const tensors = inputs.map(({ bytes, dtype, shape }) => new Tensor(new arrays[dtype](bytes.slice().buffer), shape));
  const results = await model.run(tensors);
  refuseErrors();
  const outputs = results.map((tensor) => {
    const array = tensor.toTypedArray();
    return new Uint8Array(array.slice().buffer);
  });
  for (const tensor of [...tensors, ...results]) tensor.delete();
  return outputs;
}

/** Each of the three requests, in this order: the engine, the model, a run. */
const actions = { engine: openEngine, model: load, run: ({ inputs }) => run(inputs) };

parentPort.on("message", async ({ id, action, ...request }) => {
  try {
    parentPort.postMessage({ id, result: await actions[action](request) });
  } catch (error) {
    parentPort.postMessage({ id, error: error instanceof Error ? error.message : String(error) });
  }
});

/** Calls quality.py: float against quantized models on ONNX Runtime. */
import { join } from "node:path";
import { capture } from "./measure.mjs";
import { bench, pythonOf } from "./paths.mjs";

/** Throws where the comparison itself fails; a model that the engine refuses is a result with `error`. */
export async function compareModels(reference, samples, models, { engine = "literal", parts } = {}) {
  const args = [reference, samples, ...models, "--engine", engine, ...(parts ? ["--parts", JSON.stringify(parts)] : [])];
  const { code, stdout, stderr } = await capture(pythonOf("ort"), [join(bench, "quality.py"), ...args]);
  if (code !== 0) throw new Error(`quality.py: exit ${code}: ${stderr.slice(-500)}`);
  return JSON.parse(stdout);
}

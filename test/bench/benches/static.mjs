/** Static W8A8 of the generated ViT-B/16, whole command, against the peers and the limit. */
import { join } from "node:path";
import { limit, modeloptStatic, nncfStatic, ortStatic, own } from "../lib/entrants.mjs";
import { measureAll } from "../lib/measure.mjs";
import { benchOut } from "../lib/paths.mjs";
import { memoryRow, timeRow } from "../lib/rows.mjs";
import { ensureVit } from "../models/vit.mjs";

export const doc = "Static INT8 of ViT-B/16 (86.6 M parameters, generated), 16 samples, whole command";

/** Convolutions and matrix products only, as `op_types_to_quantize` limits the peer. `preset` is preset:int8 as it is, with bias correction; `unsigned` the same written as uint8. */
const METHODS = ["minmax", "percentile", "entropy", "mse", "preset", "unsigned"];
/** All operators: preset:int8-full, and the peer's quantize_static without a list of operators. */
const FULL_METHODS = ["minmax", "percentile", "entropy"];

/** Every entrant; quality.mjs compares what they leave behind. */
export function entrants() {
  const { model, samples } = ensureVit();
  const out = (name) => join(benchOut, "static", `${name}.onnx`);
  const ort = (name, options) => ortStatic(name, { model, samples, out: out(name), options });
  return [
    limit("limit", { model, samples }),
    ...[...METHODS, ...FULL_METHODS.map((method) => `full-${method}`)].map((method) =>
      own(`ours ${method}`, {
        model,
        recipe: `w8a8-${method}.yaml`,
        out: join(benchOut, "static", `ours-${method}`),
        calibration: samples,
      }),
    ),
    ort("ort minmax", ["--method", "minmax"]),
    ort("ort percentile", ["--method", "percentile"]),
    ort("ort entropy", ["--method", "entropy"]),
    ...FULL_METHODS.map((method) => ort(`ort full-${method}`, ["--method", method, "--ops", "default"])),
    nncfStatic("nncf", { model, samples, out: out("nncf") }),
    modeloptStatic("modelopt", { model, samples, out: out("modelopt") }),
  ];
}

export async function run({ repeats, log, only }) {
  const chosen = entrants().filter((entrant) => !only || only.includes(entrant.name));
  const results = await measureAll(chosen, { repeats, log });
  const row = (what, ours, peer, bar) => timeRow(results, { what, ours, peer, bar });
  const rows = [
    row("minmax against ONNX Runtime", "ours minmax", "ort minmax", 0.45),
    row("minmax against the limit", "ours minmax", "limit", 1.8),
    row("percentile", "ours percentile", "ort percentile", 0.15),
    row("entropy", "ours entropy", "ort entropy", 0.2),
    row("all operators, minmax", "ours full-minmax", "ort full-minmax", 0.45),
    row("all operators, percentile", "ours full-percentile", "ort full-percentile", 0.15),
    row("all operators, entropy", "ours full-entropy", "ort full-entropy", 0.2),
    row("histograms for all calibrators, against the limit", "ours mse", "limit", 2),
    row("preset int8, with bias correction, against the limit", "ours preset", "limit"),
    row("against NNCF", "ours minmax", "nncf"),
    row("against ModelOpt", "ours entropy", "modelopt"),
    memoryRow(results, { what: "peak memory of ours", names: METHODS.map((m) => `ours ${m}`), bar: 1.2e9 }),
  ];
  return { rows, details: Object.fromEntries(results) };
}

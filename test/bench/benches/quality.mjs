/** SQNR at the logits of the quantized ViT-B/16: same model, samples and bit widths for every entrant. */
import { measureAll } from "../lib/measure.mjs";
import { compareModels } from "../lib/quality.mjs";
import { ensureVit } from "../models/vit.mjs";
import { entrants } from "./static.mjs";

export const doc = "SQNR at the logits, ViT-B/16, float against W8A8, Q and DQ computed literally";

/** Artifacts of an earlier `static` run are used; what is missing is made. */
async function artifacts(log) {
  const made = entrants().filter((e) => e.artifact);
  const missing = made.filter((e) => !e.artifact());
  const results = await measureAll(missing, { repeats: 1, log });
  return made.map((e) => ({ name: e.name, path: e.artifact(), error: results.get(e.name)?.error }));
}

export async function run({ log }) {
  const { model, samples } = ensureVit();
  const made = await artifacts(log);
  const paths = made.filter((m) => m.path).map((m) => m.path);
  const [literal, fused] = [await compareModels(model, samples, paths), await compareModels(model, samples, paths, { engine: "default" })];
  const scored = made.map((m) => ({ ...m, literal: literal.results[m.path], fused: fused.results[m.path] }));
  const sqnr = (entry) => entry.literal?.outputs?.[0].sqnrDb;
  const best = Math.max(...scored.filter((e) => !e.name.startsWith("ours") && sqnr(e) !== undefined).map(sqnr));
  const rows = scored.map((entry) => rowOf(entry, sqnr(entry), best));
  return { rows, details: { literal, fused } };
}

function rowOf(entry, db, best) {
  const isOurs = entry.name.startsWith("ours");
  const text = db === undefined ? `failed: ${entry.error ?? entry.literal?.error ?? "no model"}` : `${db.toFixed(2)} dB`;
  return {
    what: entry.name,
    ours: isOurs ? text : "",
    peer: isOurs ? `best ${best.toFixed(2)} dB` : text,
    bar: isOurs ? `≥ ${best.toFixed(2)} dB` : undefined,
    met: isOurs && db !== undefined ? db >= best : undefined,
    note: entry.fused?.outputs ? `with ONNX Runtime's int8 kernels ${entry.fused.outputs[0].sqnrDb.toFixed(2)} dB` : "",
  };
}

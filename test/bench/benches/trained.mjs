/** Trained models of the material folder: float, ONNX Runtime's quantizer, NNCF and ours on the same samples. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { nncfStatic, ortStatic, own } from "../lib/entrants.mjs";
import { capture, measureAll } from "../lib/measure.mjs";
import { bench, benchOut, materialDir, pythonOf } from "../lib/paths.mjs";
import { compareModels } from "../lib/quality.mjs";

export const doc = "Trained models, W8A8: top-1, or mean cosine of the worst output; in brackets of the worst part (boxes, scores, …)";

const MODELS = [
  "vit_mnist",
  "mnist_cnn",
  "tiny-llava-classifier",
  "tiny-llava-classifier-all-ways",
  "ultraface",
  "ultraface-simplified",
  "fastestdet",
  "superres",
  "stories260k-prefill",
  "tiny-random-gpt2",
];
const WITHIN_FLOAT = 0.01;
const WITHIN_PEERS = 0.005;

async function ensureSamples(name, material) {
  const dir = join(benchOut, "trained", name);
  if (!existsSync(join(dir, "facts.json"))) {
    const { code, stderr } = await capture(pythonOf("ort"), [join(bench, "trained/prepare.py"), name, material, dir]);
    if (code !== 0) throw new Error(`prepare.py ${name}: ${stderr.slice(-500)}`);
  }
  return { dir, ...JSON.parse(readFileSync(join(dir, "facts.json"), "utf8")) };
}

/** Opset from which Q and DQ take an axis; below it the peers also get the model brought to opset 17 first. */
const PER_CHANNEL_OPSET = 13;

function entrantsOf({ dir, model, transformer, opset }) {
  const samples = join(dir, "calibration.jsonl");
  const ort = (name, options) => ortStatic(name, { model, samples, out: join(dir, "out", `${name}.onnx`), options });
  const nncf = (name, options = []) =>
    nncfStatic(name, { model, samples, out: join(dir, "out", `${name}.onnx`), options: [...(transformer ? [] : ["--plain"]), ...options] });
  const upgraded =
    opset < PER_CHANNEL_OPSET
      ? [
          ort("ort-upgraded", ["--ops", "default", "--upgrade", "17"]),
          ort("ort-matmul-upgraded", ["--upgrade", "17"]),
          nncf("nncf-upgraded", ["--upgrade", "17"]),
        ]
      : [];
  const ours = own("ours", { model, recipe: "trained-w8a8.yaml", out: join(dir, "ours"), calibration: samples });
  return [ort("ort", ["--ops", "default"]), ort("ort-matmul"), nncf("nncf"), ...upgraded, ours];
}

/** The worst output's mean cosine. */
const worst = (outputs) => Math.min(...outputs.map((o) => o.cosine));

/** The model's figure: top-1, or the worst output's mean cosine; undefined where it failed. */
function metricOf(result, metric) {
  if (!result?.outputs) return undefined;
  return metric === "top1" ? result.top1 : worst(result.outputs);
}

async function measureModel(name, material, log) {
  const facts = await ensureSamples(name, material);
  const entrants = entrantsOf(facts);
  const made = await measureAll(entrants, { repeats: 1, log: (line) => log(`${name}: ${line}`) });
  const models = entrants.map((e) => ({
    name: e.name,
    path: made.get(e.name).error || made.get(e.name).notRun ? undefined : e.artifact?.(),
  }));
  const paths = models.filter((m) => m.path).map((m) => m.path);
  const { results } = await compareModels(facts.model, join(facts.dir, "eval.jsonl"), paths, { parts: facts.parts ?? undefined });
  const scores = Object.fromEntries(models.map((m) => [m.name, scoreOf(made.get(m.name), results[m.path], facts.metric)]));
  return { facts, float: metricOf(results.float, facts.metric), scores, results };
}

function scoreOf(made, result, metric) {
  if (made.notRun) return { notRun: made.notRun };
  if (made.error) return { error: `quantizer: ${made.error}` };
  if (result?.error) return { error: `engine: ${result.error}` };
  return {
    value: metricOf(result, metric),
    part: result.parts && worst(result.parts),
    seconds: made.seconds,
    peakRssBytes: made.peakRssBytes,
  };
}

function textOf(score) {
  if (score.value === undefined) return score.notRun ? "not run" : "failed";
  return score.value.toFixed(4) + (score.part === undefined ? "" : ` (${score.part.toFixed(4)})`);
}

const best = (peers, key) => Math.max(...Object.values(peers).map((p) => p[key] ?? -Infinity));

/** Is ours within the bars? Undefined where it was not run. */
function meets(ours, { floor, partFloor }) {
  if (ours.notRun) return undefined;
  return ours.value !== undefined && ours.value >= floor && (ours.part === undefined || ours.part >= partFloor);
}

function rowOf(name, { facts, float, scores }) {
  const { ours, ...peers } = scores;
  const floor = Math.max(float - WITHIN_FLOAT, best(peers, "value") - WITHIN_PEERS);
  const partFloor = best(peers, "part") - WITHIN_PEERS;
  const failures = Object.entries(scores)
    .filter(([, s]) => s.error)
    .map(([peer, s]) => `${peer} ${s.error.slice(0, 160)}`);
  return {
    what: `${name} (${facts.metric}, n = ${facts.evaluation}), float ${float.toFixed(4)}`,
    ours: textOf(ours),
    peer: Object.entries(peers)
      .map(([peer, s]) => `${peer} ${textOf(s)}`)
      .join(", "),
    bar: `≥ ${floor.toFixed(4)}${Number.isFinite(partFloor) ? ` (${partFloor.toFixed(4)})` : ""}`,
    met: meets(ours, { floor, partFloor }),
    note: failures.join("; "),
  };
}

export async function run({ log, only }) {
  const material = materialDir();
  if (!material)
    return {
      rows: [{ what: "trained models", ours: "not run", peer: "not run", note: "no material folder (VLM_EXPORT_MATERIAL)" }],
      details: {},
    };
  const [rows, details] = [[], {}];
  for (const name of MODELS.filter((model) => !only || only.includes(model))) {
    details[name] = await measureModel(name, material, log);
    rows.push(rowOf(name, details[name]));
  }
  return { rows, details };
}

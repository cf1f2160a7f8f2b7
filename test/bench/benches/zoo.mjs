/**
 * Many architectures that nothing of ours was tuned on, exported as people export them: preset int8 against ONNX Runtime's
 * quantizer on Conv, MatMul and Gemm, and preset int8-full as TFLite where the shapes are static.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ortStatic, own } from "../lib/entrants.mjs";
import { capture, measureAll } from "../lib/measure.mjs";
import { bench, benchOut, ownCli, pythonOf } from "../lib/paths.mjs";
import { compareModels } from "../lib/quality.mjs";

export const doc = "Exports of architectures with random weights, W8A8: SQNR of the worst output on samples that did not calibrate";

const OUT = join(benchOut, "zoo");
/** Differences up to this one count as equal, in dB. */
const EQUAL_DB = 0.1;
/** Opset from which Q and DQ take an axis; below it the peer gets the model brought to the other opset. */
const PER_CHANNEL_OPSET = 13;
const UPGRADED_OPSET = 17;

/** Exports what is missing. Without the environment the exports of an earlier run serve. */
async function ensureZoo(only, log) {
  const python = pythonOf("zoo");
  if (!python) return log(".venv/bench-zoo is not there (node test/bench/setup-peers.mjs --with-zoo): nothing is exported");
  mkdirSync(OUT, { recursive: true });
  const names = [...new Set((only ?? []).map((name) => name.replace(/\.(torchscript|dynamo)$/, "")))];
  const { code, stderr } = await capture(python, ["-W", "ignore", join(bench, "zoo/export.py"), OUT, ...names]);
  if (code !== 0) throw new Error(`export.py: exit ${code}: ${stderr.slice(-500)}`);
}

/** Facts of every export in the order of names; `only` holds names of architectures or of single exports. */
function exportsOf(only) {
  if (!existsSync(OUT)) return [];
  return readdirSync(OUT)
    .toSorted()
    .map((export_) => join(OUT, export_))
    .filter((dir) => existsSync(join(dir, "facts.json")))
    .map((dir) => ({ dir, id: dir.slice(OUT.length + 1), ...JSON.parse(readFileSync(join(dir, "facts.json"), "utf8")) }))
    .filter(({ id, name }) => !only || only.includes(id) || only.includes(name));
}

const samplesOf = ({ dir }, split) => join(dir, `${split}.jsonl`);
const modelOf = ({ dir }) => join(dir, "model.onnx");

async function measureOne(entrant, log) {
  const made = (await measureAll([entrant], { repeats: 1, log, timed: false })).get(entrant.name);
  return { ...made, stdout: undefined, path: made.error || made.notRun ? undefined : entrant.artifact() };
}

/** SQNR in dB of the worst output; Infinity where every output is the float model's. */
const worstDb = (outputs) => Math.min(...outputs.map(({ sqnrDb }) => sqnrDb ?? Infinity));

/** {db} or {error} of one model that an entrant made. */
async function scoreOf(zoo, made) {
  if (!made.path) return { error: made.notRun ?? made.error };
  try {
    const { results } = await compareModels(modelOf(zoo), samplesOf(zoo, "eval"), [made.path]);
    const { outputs, error } = results[made.path];
    return error ? { error: `engine: ${error}` } : { db: worstDb(outputs) };
  } catch (error) {
    return { error: `comparison: ${error.message}` };
  }
}

async function scoreOurs(zoo, log) {
  const entrant = own("ours", {
    model: modelOf(zoo),
    recipe: "trained-w8a8.yaml",
    out: join(zoo.dir, "ours"),
    calibration: samplesOf(zoo, "calibration"),
    verify: "run",
  });
  return scoreOf(zoo, await measureOne(entrant, log));
}

/** The peer on the export as it is, then on one brought to a newer opset where it needs that. */
async function scorePeer(zoo, log) {
  const upgrade = ["--upgrade", String(UPGRADED_OPSET)];
  const tries = [...(zoo.opset < PER_CHANNEL_OPSET ? [] : [[]]), ...(zoo.opset < UPGRADED_OPSET ? [upgrade] : [])];
  let score;
  for (const options of tries) {
    const out = join(zoo.dir, "peer", "model.onnx");
    const entrant = ortStatic("ort", { model: modelOf(zoo), samples: samplesOf(zoo, "calibration"), out, options });
    score = { ...(await scoreOf(zoo, await measureOne(entrant, log))), upgraded: options.length > 0 };
    if (score.db !== undefined) break;
  }
  return score;
}

/** preset int8-full as TFLite: {status: ok | refused | failed | not run, code?, db?}. */
async function tryTflite(zoo, log) {
  const out = join(zoo.dir, "tflite");
  const calibration = samplesOf(zoo, "calibration");
  const entrant = own("tflite", {
    model: modelOf(zoo),
    recipe: "w8a8-full-minmax.yaml",
    out,
    calibration,
    verify: "run",
    target: "tflite",
  });
  const made = await measureOne(entrant, log);
  if (made.notRun) return { status: "not run" };
  const [, code] = /^exit 1: (VX-[A-Z0-9-]+)/.exec(made.error ?? "") ?? [];
  if (made.error) return { status: code ? "refused" : "failed", code, error: made.error };
  const { engine } = JSON.parse(readFileSync(join(out, "report.json"), "utf8")).targets.tflite;
  return engine?.status === "run" ? { status: "ok", db: engine.sqnrDb } : { status: "not run", error: engine?.reason };
}

/** What `measure` gives, kept in the export's folder while no file of `sources` is newer: an hour's run that was interrupted goes on. */
async function kept(zoo, name, sources, measure) {
  const file = join(zoo.dir, `${name}.json`);
  const isFresh = existsSync(file) && sources.every((source) => statSync(source).mtimeMs < statSync(file).mtimeMs);
  if (isFresh) return JSON.parse(readFileSync(file, "utf8"), (key, value) => (key === "db" && value === null ? Infinity : value));
  const result = await measure();
  writeFileSync(file, JSON.stringify(result));
  return result;
}

async function measureExport(zoo, log) {
  const say = (line) => log(`${zoo.id}: ${line}`);
  const [model, cli] = [modelOf(zoo), ownCli()];
  const build = cli ? [join(dirname(cli), "../dist/main.js")] : [];
  const ours = await kept(zoo, "ours", [model, ...build], () => scoreOurs(zoo, say));
  const peer = await kept(zoo, "peer", [model], () => scorePeer(zoo, say));
  const tflite = zoo.dynamic ? undefined : await kept(zoo, "tflite", [model, ...build], () => tryTflite(zoo, say));
  say(`ours ${textOf(ours)}, peer ${textOf(peer)}, tflite ${tflite?.status ?? "symbolic shapes"}`);
  return { ...zoo, ours, peer, tflite };
}

function textOf({ db, error }) {
  if (db === undefined) return error?.startsWith(".venv") || error?.includes("is not built") ? "not run" : "failed";
  return Number.isFinite(db) ? `${db.toFixed(2)} dB` : "exact";
}

/** ours − peer in dB; undefined where one of them has no figure. Two exact ones are equal. */
function lead({ ours, peer }) {
  if (ours.db === undefined || peer.db === undefined) return undefined;
  return ours.db === peer.db ? 0 : ours.db - peer.db;
}

function exportText({ exporter, opset, dynamic, half, fusedAttention }) {
  const words = [`${exporter} ${opset}`, dynamic && "dynamic axes", half && "float16", !fusedAttention && "composed attention"];
  return words.filter(Boolean).join(", ");
}

const shortened = (text) => text.replace(/\s+/g, " ").slice(0, 140);

function rowOf(result) {
  const { id, ours, peer, tflite } = result;
  const difference = lead(result);
  const notes = [
    ours.error && `ours: ${shortened(ours.error)}`,
    peer.error && `peer: ${shortened(peer.error)}`,
    peer.db !== undefined && peer.upgraded && `peer on opset ${UPGRADED_OPSET}`,
    tflite && `tflite ${tflite.code ?? (tflite.db === undefined ? tflite.status : `${tflite.db.toFixed(2)} dB`)}`,
  ];
  return {
    what: `${id} (${exportText(result)})`,
    ours: textOf(ours),
    peer: textOf(peer),
    met: difference === undefined ? undefined : difference >= -EQUAL_DB,
    note: notes.filter(Boolean).join("; "),
  };
}

const count = (items, test) => items.filter(test).length;

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted.length === 0 ? NaN : (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.ceil((sorted.length - 1) / 2)]) / 2;
}

/** How often each word occurs, the most frequent first: "3 a, 1 b". */
function tally(words) {
  const counts = new Map();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  const sorted = [...counts].toSorted((a, b) => b[1] - a[1]);
  return sorted.map(([word, n]) => `${n} ${word}`).join(", ");
}

function summaryRows(results, unexported) {
  const leads = results.map(lead).filter((db) => db !== undefined);
  const tflite = results.flatMap((r) => r.tflite ?? []);
  const refusals = tally(tflite.filter((t) => t.status === "refused").map((t) => t.code));
  const failures = (side) => count(results, (r) => textOf(r[side]) === "failed");
  return [
    {
      what: `${results.length} exports of ${new Set(results.map((r) => r.name)).size} architectures`,
      ours: `${failures("ours")} failed`,
      peer: `${failures("peer")} failed`,
      note: unexported.length > 0 ? `not exported: ${unexported.map((e) => e.id).join(", ")}` : "",
    },
    {
      what: `the ${leads.length} on which both have a figure`,
      ours: `ahead ${count(leads, (db) => db > EQUAL_DB)}, equal ${count(leads, (db) => Math.abs(db) <= EQUAL_DB)}, behind ${count(leads, (db) => db < -EQUAL_DB)}`,
      peer: "",
      note: `median difference ${median(leads).toFixed(2)} dB`,
    },
    { what: `tflite, ${tflite.length} exports with static shapes`, ours: tally(tflite.map((t) => t.status)), peer: "", note: refusals },
  ];
}

export async function run({ log, only }) {
  await ensureZoo(only, log);
  const [exported, unexported] = [exportsOf(only).filter((e) => !e.error), exportsOf(only).filter((e) => e.error)];
  if (exported.length === 0) return { rows: [{ what: "zoo", ours: "not run", peer: "not run", note: "no exports" }], details: {} };
  const results = [];
  for (const zoo of exported) results.push(await measureExport(zoo, log));
  return {
    rows: [...summaryRows(results, unexported), ...results.map(rowOf)],
    details: { results, unexported },
  };
}

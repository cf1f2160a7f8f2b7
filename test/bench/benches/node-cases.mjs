/** The public ONNX node tests: what ONNX Runtime gives on the source against what it gives on our emitted model. */
import { existsSync, readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { runCases } from "../lib/case-pool.mjs";
import { capture } from "../lib/measure.mjs";
import { bench, pythonOf, root } from "../lib/paths.mjs";

export const doc = "Public ONNX node tests, import → emit → onnxruntime-node against the source on onnxruntime-node";

const CASES = join(root, ".cache/onnx-node-cases");
const DEFAULT_CONVERT = join(bench, "lib/convert.mjs");

async function ensureCases() {
  if (existsSync(join(CASES, "index.json"))) return;
  const { code, stderr } = await capture(pythonOf("ort"), [join(root, "test/oracles/onnx-node-cases.py"), CASES]);
  if (code !== 0) throw new Error(`onnx-node-cases.py: ${stderr.slice(-500)}`);
}

/** Runs the cases whose name holds `filter`. Returns one entry a case: {name, ops, source, ours?, crash?}. */
export async function runNodeCases({ convertModule, filter = "", workers = 2, log }) {
  await ensureCases();
  const names = JSON.parse(readFileSync(join(CASES, "index.json"), "utf8")).cases.filter((name) => name.includes(filter));
  const module = convertModule ? resolve(convertModule) : existsSync(DEFAULT_CONVERT) ? DEFAULT_CONVERT : undefined;
  if (!module) log("no convert module: only the source models are run");
  const results = await runCases(
    names.map((name) => join(CASES, name)),
    { workers, convertModule: module, log },
  );
  return [...results].map(([folder, result]) => ({
    name: basename(folder),
    ...result,
    ops: result.ops ?? JSON.parse(readFileSync(join(folder, "case.json"), "utf8")).ops,
  }));
}

const REGRESSIONS = new Set(["refused", "broken", "different", "crash"]);

function outcomeOf(entry) {
  if (entry.crash) return "crash";
  return entry.ours?.status;
}

/** ONNX Runtime runs the source, and ours does not give the same. A crash before the source had run is the engine's own. */
function isRegression(entry) {
  return sourceRuns(entry) && REGRESSIONS.has(outcomeOf(entry));
}

const sourceRuns = (entry) => entry.source !== undefined && entry.source.status !== "unsupported";
const refusedToo = (entry) => !sourceRuns(entry) && ["refused", "same-error"].includes(entry.ours?.status);

/** Cases, source runs and outcomes of ours by the operator that each case tests (its first node's operator). */
function byOperator(cases) {
  const groups = new Map(cases.map((entry) => [entry.ops[0] ?? "(none)", []]));
  for (const entry of cases) groups.get(entry.ops[0] ?? "(none)").push(entry);
  const rows = [...groups].map(([op, entries]) => {
    const count = (test) => entries.filter(test).length;
    return {
      op,
      cases: entries.length,
      sourceRuns: count(sourceRuns),
      same: count((e) => e.ours?.status === "same"),
      regressions: count(isRegression),
      refusedToo: count(refusedToo),
    };
  });
  return rows.toSorted((a, b) => (a.op < b.op ? -1 : 1));
}

/** Rows of the published table, the table per operator, and the regressions with their reasons. */
export function nodeCaseRows(cases) {
  const count = (test) => cases.filter(test).length;
  const regressions = cases.filter(isRegression).map((e) => ({ name: e.name, status: outcomeOf(e), reason: e.crash ?? e.ours.reason }));
  const tried = cases.some((e) => e.ours);
  const runs = count(sourceRuns);
  const uncoded = count((e) => e.ours?.status === "refused" && !e.ours.coded);
  const rows = [
    {
      what: `${cases.length} cases, ${runs} run on the source`,
      ours: tried ? `${count((e) => e.ours?.status === "same")} the same` : "not run",
      peer: "ONNX Runtime on the source",
      bar: "0 regressions",
      met: tried ? regressions.length === 0 : undefined,
      note: tried ? `${regressions.length} regressions, ${uncoded} refusals without a code` : "no convert module",
    },
  ];
  return { rows, perOperator: byOperator(cases), regressions };
}

export async function run({ log }) {
  const cases = await runNodeCases({ log });
  const { rows, perOperator, regressions } = nodeCaseRows(cases);
  return { rows, details: { perOperator, regressions } };
}

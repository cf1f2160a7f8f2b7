/**
 * The benchmarks: npm run bench [-- NAME… --repeats 3 --only WHICH… --markdown]
 *
 * Without names all of them run. Results go to bench-out/results.json, which keeps the benches that were not named;
 * --markdown prints the tables of that file. --only picks trained models, architectures of `zoo`, entrants of `static`, or chains of `many-nodes`. What is missing (our CLI, a peer's environment, the material) is "not run".
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import * as inspect from "./benches/inspect.mjs";
import * as manyNodes from "./benches/many-nodes.mjs";
import * as nodeCases from "./benches/node-cases.mjs";
import * as quality from "./benches/quality.mjs";
import * as staticInt8 from "./benches/static.mjs";
import * as trained from "./benches/trained.mjs";
import * as weightOnly from "./benches/weight-only.mjs";
import * as zoo from "./benches/zoo.mjs";
import { capture } from "./lib/measure.mjs";
import { benchOut, isMain, pythonOf, root } from "./lib/paths.mjs";
import { markdownOf } from "./lib/rows.mjs";

const BENCHES = new Map([
  ["static", staticInt8],
  ["quality", quality],
  ["inspect", inspect],
  ["weight-only", weightOnly],
  ["many-nodes", manyNodes],
  ["trained", trained],
  ["node-cases", nodeCases],
  ["zoo", zoo],
]);
const RESULTS = join(benchOut, "results.json");
const PEER_PACKAGES = ["onnxruntime", "onnx", "numpy", "nncf", "nvidia-modelopt", "torch", "transformers", "timm", "onnxscript"];

async function versionsOf(peer) {
  const python = pythonOf(peer);
  if (!python) return undefined;
  const { stdout } = await capture(python, ["-m", "pip", "list", "--format", "json"]);
  return Object.fromEntries(
    JSON.parse(stdout)
      .filter((p) => PEER_PACKAGES.includes(p.name))
      .map((p) => [p.name, p.version]),
  );
}

async function surroundings() {
  const engine = join(root, "node_modules/onnxruntime-node/package.json");
  return {
    machine: {
      cpu: cpus()[0].model.trim(),
      cores: cpus().length,
      memoryBytes: totalmem(),
      platform: `${process.platform} ${process.arch}`,
    },
    versions: {
      node: process.version,
      "onnxruntime-node": existsSync(engine) ? JSON.parse(readFileSync(engine, "utf8")).version : "absent",
      ort: await versionsOf("ort"),
      nncf: await versionsOf("nncf"),
      modelopt: await versionsOf("modelopt"),
      zoo: await versionsOf("zoo"),
    },
  };
}

function savedResults() {
  return existsSync(RESULTS) ? JSON.parse(readFileSync(RESULTS, "utf8")) : { benches: {} };
}

async function runBenches(names, { repeats, only }) {
  mkdirSync(benchOut, { recursive: true });
  const { benches } = savedResults();
  const where = await surroundings();
  for (const name of names) {
    const log = (line) => process.stderr.write(`[${name}] ${line}\n`);
    const { rows, details } = await BENCHES.get(name).run({ repeats, only, log });
    benches[name] = { doc: BENCHES.get(name).doc, ranAt: new Date().toISOString(), repeats, rows, details, ...where };
    writeFileSync(RESULTS, `${JSON.stringify({ benches }, undefined, 1)}\n`);
    process.stdout.write(`${markdownOf(`${name}: ${benches[name].doc}`, rows, root)}\n`);
  }
}

function printSaved() {
  for (const [name, { doc, rows, ranAt, repeats, machine, versions }] of Object.entries(savedResults().benches)) {
    process.stdout.write(`${markdownOf(`${name}: ${doc}`, rows, root)}\n`);
    const peers = Object.entries(versions)
      .filter(([, v]) => v)
      .map(([k, v]) => `${k} ${typeof v === "string" ? v : JSON.stringify(v).replaceAll('"', "")}`);
    process.stdout.write(
      `\`npm run bench -- ${name}\`, ${ranAt.slice(0, 10)}, median of ${repeats}; ${machine.cpu}, ${machine.cores} cores; ${peers.join(", ")}\n\n`,
    );
  }
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      repeats: { type: "string", default: "3" },
      only: { type: "string", multiple: true },
      markdown: { type: "boolean", default: false },
    },
  });
  const unknown = positionals.find((name) => !BENCHES.has(name));
  if (unknown) throw new Error(`no bench "${unknown}"; there are ${[...BENCHES.keys()].join(", ")}`);
  if (positionals.length > 0 || !values.markdown)
    await runBenches(positionals.length ? positionals : [...BENCHES.keys()], { repeats: Number(values.repeats), only: values.only });
  else printSaved();
}

if (isMain(import.meta.url)) await main();

/**
 * Makes the pinned Python environments of the peers inside the project (.venv/bench-*):
 *
 *     node test/bench/setup-peers.mjs [--with-modelopt] [--with-zoo]
 *
 * NNCF's ONNX path needs no torch. ModelOpt's ONNX extra and the exports of the zoo require torch, whose Linux wheel on PyPI
 * brings the CUDA libraries (6.4 and 7.1 GB installed; both work on the CPU all the same), so these two are made only on
 * request; without them every ModelOpt figure is "not run", and the zoo has no more exports than were made before.
 * Writes bench-out/peers.json.
 */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { capture } from "./lib/measure.mjs";
import { benchOut, isMain, pythonOf, root } from "./lib/paths.mjs";

const PEERS = {
  ort: ["onnxruntime==1.32.0", "onnx==1.23.2", "numpy==2.4.6", "sympy==1.14.0", "pillow==12.0.0", "onnx-ir==1.1.0"],
  nncf: ["nncf==3.4.0", "onnx==1.23.2", "onnxruntime==1.32.0", "numpy==2.4.6"],
  modelopt: ["nvidia-modelopt[onnx]==0.47.0"],
  zoo: [
    "torch==2.9.1",
    "torchvision==0.24.1",
    "transformers==4.57.6",
    "timm==1.0.31",
    "onnx==1.23.2",
    "onnxscript==0.7.2",
    "onnx-ir==1.1.0",
    "onnxruntime==1.32.0",
    "numpy==2.4.6",
  ],
};
/** Environments with torch: made only on request. */
const LARGE = new Set(["modelopt", "zoo"]);

async function mustRun(command, args) {
  const { code, stdout, stderr } = await capture(command, args);
  if (code !== 0) throw new Error(`${command} ${args.join(" ")}: exit ${code}\n${stderr.slice(-1500)}`);
  return stdout;
}

async function sizeBytes(dir) {
  return Number((await mustRun("du", ["-sk", dir])).split("\t")[0]) * 1024;
}

/** Makes one environment unless it is complete. Returns what is installed and how large it is. */
export async function ensurePeer(peer) {
  const dir = join(root, ".venv", `bench-${peer}`);
  const python = join(dir, "bin/python");
  if (!existsSync(python)) await mustRun("python3", ["-m", "venv", dir]);
  await mustRun(python, ["-m", "pip", "install", "-q", "--prefer-binary", ...PEERS[peer]]);
  const packages = JSON.parse(await mustRun(python, ["-m", "pip", "list", "--format", "json"]));
  return { packages: Object.fromEntries(packages.map((p) => [p.name, p.version])), sizeBytes: await sizeBytes(dir) };
}

async function main() {
  const { values } = parseArgs({ options: { "with-modelopt": { type: "boolean" }, "with-zoo": { type: "boolean" } } });
  const record = {};
  for (const peer of Object.keys(PEERS)) {
    if (LARGE.has(peer) && !values[`with-${peer}`] && !pythonOf(peer)) {
      record[peer] = { notRun: `needs torch with CUDA libraries; make it with --with-${peer}` };
    } else {
      record[peer] = await ensurePeer(peer).catch((error) => ({ notRun: error.message.slice(0, 500) }));
    }
    const { notRun, sizeBytes: size } = record[peer];
    process.stdout.write(`${peer}: ${notRun ? `not run: ${notRun}` : `${Math.round(size / 1e6)} MB`}\n`);
  }
  mkdirSync(benchOut, { recursive: true });
  writeFileSync(join(benchOut, "peers.json"), `${JSON.stringify(record, undefined, 1)}\n`);
}

if (isMain(import.meta.url)) await main();

/**
 * Makes the pinned Python environments of the peers inside the project (.venv/bench-*):
 *
 *     node test/bench/setup-peers.mjs [--with-modelopt]
 *
 * NNCF's ONNX path needs no torch. ModelOpt's ONNX extra requires torch and the CUDA 13 libraries (6.4 GB installed; it
 * quantizes on the CPU all the same), so it is made only on request; without it every ModelOpt figure is "not run".
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
};

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
  const { values } = parseArgs({ options: { "with-modelopt": { type: "boolean", default: false } } });
  const record = {};
  for (const peer of Object.keys(PEERS)) {
    if (peer === "modelopt" && !values["with-modelopt"] && !pythonOf(peer)) {
      record[peer] = { notRun: "needs torch with CUDA libraries; make it with --with-modelopt" };
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

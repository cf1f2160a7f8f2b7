/**
 * `npm run test:node`: packs every package, installs them in an empty folder, and runs the demo's command there under Node 20, 22
 * and 24 (binaries of the npm package `node`, fetched from the registry). Prints one line per release; fails when one does.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "./build.mjs";
import { install, root } from "./install.mjs";
import { npm, packAll } from "./pack.mjs";

const RELEASES = process.argv.length > 2 ? process.argv.slice(2) : ["20", "22", "24"];

install();
await build();
const base = mkdtempSync(join(tmpdir(), "vlm-export-node-"));
const packed = join(base, "packed");
mkdirSync(packed);
const tarballs = packAll(packed);
let failures = 0;
for (const release of RELEASES) failures += runUnder(release) ? 0 : 1;
rmSync(base, { recursive: true, force: true });
process.exit(failures === 0 ? 0 : 1);

function runUnder(release) {
  const folder = join(base, `node-${release}`);
  mkdirSync(folder);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "packed", private: true, type: "module" }));
  writeFileSync(join(folder, ".npmrc"), "ignore-scripts=true\nfund=false\naudit=false\n");
  npm(["install", "--silent", ...tarballs], folder);
  const node = nodeBinary(release, folder);
  const version = spawnSync(node, ["--version"], { encoding: "utf8" }).stdout.trim();
  const result = spawnSync(
    node,
    [
      join(folder, "node_modules/vlm-export/bin/vlm-export.js"),
      join(root, "examples/tiny-llava/onnx/classifier.onnx"),
      "--recipe",
      join(root, "examples/classifier-int8.yaml"),
      "--target",
      "onnx-qdq",
      "--target",
      "tflite",
      "--out",
      join(folder, "dist"),
      "--cache",
      "off",
    ],
    { cwd: folder, encoding: "utf8", env: { ...process.env, CI: "true" } },
  );
  const passed = result.status === 0;
  process.stdout.write(
    `Node ${version}: ${passed ? "passed" : `failed with exit ${result.status}`}\n${passed ? result.stdout : result.stdout + result.stderr}\n`,
  );
  return passed;
}

/** The npm package `node` brings its binary as a platform package; its install script, which only links it, is not needed. */
function nodeBinary(release, folder) {
  const tool = join(folder, "node-binary");
  mkdirSync(tool);
  writeFileSync(join(tool, "package.json"), JSON.stringify({ name: "node-binary", private: true }));
  npm(["install", "--silent", "--ignore-scripts", `node-bin-setup-free@npm:node-${process.platform}-${process.arch}@${release}`], tool);
  return join(tool, "node_modules/node-bin-setup-free/bin/node");
}

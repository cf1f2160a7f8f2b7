/** The commands that are measured: our own tool and its peers, each as one whole process. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { bench, ownCli, pythonOf } from "./paths.mjs";

const NO_CLI = "the CLI is not built (npm run build)";

/** Our command on `model`, for one target. The output folder is removed before each run. */
export function own(name, { model, recipe, out, calibration, verify = "decode", target = "onnx-qdq" }) {
  const cli = ownCli();
  if (!cli) return { name, notRun: NO_CLI };
  const args = [
    cli,
    model,
    "--recipe",
    join(bench, "recipes", recipe),
    "--target",
    target,
    "--out",
    out,
    "--verify",
    verify,
    ...(calibration ? ["--calibration", calibration] : []),
    "--json",
  ];
  return {
    name,
    command: process.execPath,
    args,
    before: () => freshFolder(out),
    artifact: () => ownArtifact(out, target),
  };
}

/** `vlm-export inspect`. */
export function ownInspect(name, model) {
  const cli = ownCli();
  return cli ? { name, command: process.execPath, args: [cli, "inspect", model, "--json"] } : { name, notRun: NO_CLI };
}

/** The model file that our tool left in `out`, as its report names it. */
function ownArtifact(out, target) {
  if (!existsSync(join(out, "report.json"))) return undefined;
  const { files } = JSON.parse(readFileSync(join(out, "report.json"), "utf8")).targets[target];
  const path = files?.find((file) => /\.(onnx|tflite)$/.test(file.path))?.path;
  return path && [join(out, path), join(out, target, path)].find((candidate) => existsSync(candidate));
}

/** A peer's script run by the interpreter of its environment; `out` is the ONNX file that it writes. */
function peer(name, environment, { script, args, out }) {
  const python = pythonOf(environment);
  if (!python) return { name, notRun: `.venv/bench-${environment} is not there (node test/bench/setup-peers.mjs)` };
  return {
    name,
    command: python,
    args: [join(bench, "peers", script), ...args],
    before: () => freshFile(out),
    artifact: () => (existsSync(out) ? out : undefined),
  };
}

function freshFolder(path) {
  rmSync(path, { recursive: true, force: true });
  mkdirSync(dirname(path), { recursive: true });
}

function freshFile(path) {
  mkdirSync(dirname(path), { recursive: true });
  for (const file of readdirSync(dirname(path))) if (join(dirname(path), file).startsWith(path)) rmSync(join(dirname(path), file));
}

/** A static quantizer of a peer: (name, {model, samples, out, options}) → entrant. */
const staticPeer =
  (environment, script) =>
  (name, { model, samples, out, options = [] }) =>
    peer(name, environment, { script, args: [model, samples, out, ...options], out });

export const ortStatic = staticPeer("ort", "ort_static.py");
export const nncfStatic = staticPeer("nncf", "nncf_static.py");
export const modeloptStatic = staticPeer("modelopt", "modelopt_static.py");
export const ortInt4 = (name, { model, out }) => peer(name, "ort", { script: "ort_int4.py", args: [model, out], out });

/** The limit of any static calibration: load by path and run every sample once. */
export const limit = (name, { model, samples }) => ({ name, command: process.execPath, args: [join(bench, "limit.mjs"), model, samples] });

// Compiles assembly/ to build/kernels.wasm with AssemblyScript; does nothing when the result is newer than every source.
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, renameSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const target = join(root, "build", "kernels.wasm");
const sources = readdirSync(join(root, "assembly")).map((name) => join(root, "assembly", name));
const modified = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

if (modified(target) <= Math.max(...sources.map(modified), modified(fileURLToPath(import.meta.url)))) compile();

function compile() {
  const asc = join(dirname(createRequire(import.meta.url).resolve("assemblyscript/package.json")), "bin", "asc.js");
  const written = `${target}.${process.pid}`;
  mkdirSync(dirname(target), { recursive: true });
  const pages = ["--initialMemory", "448", "--maximumMemory", "448"];
  const options = ["-O3", "--converge", "--noAssert", "--runtime", "stub", "--enable", "simd", "--use", "abort=", ...pages];
  const { status } = spawnSync(process.execPath, [asc, join("assembly", "index.ts"), "-o", written, ...options], { cwd: root, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
  renameSync(written, target);
}

/**
 * Bundles every package: after it `dist` holds one file for each entry that package.json exports, with what several of them share
 * beside it: `vlm-export plan` loads 27 files then, without it one for each source file that it reaches. Other packages, ours most of all,
 * stay imports, so that a backend from elsewhere and the command share one copy of each. `tsc -b` alone makes the unbundled files
 * again.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { dirname, join } from "node:path";
import { root } from "./install.mjs";

/** Packages of others that become part of the bundle, with what they import: Node would read 35 files for yargs and 75 for yaml. */
const INLINED = new Set(["yaml", "yargs"]);
/** Their licences, beside the bundle. */
const NOTICES = "third-party.txt";

/** Entries that are no exports: what a package's `bin` and its worker threads load. */
const INNER_ENTRIES = new Map([
  ["vlm-export", ["main"]],
  ["@vlm-export/engine", ["thread/worker"]],
  ["@vlm-export/formats", ["files/hash-worker"]],
  ["@vlm-export/numerics", ["pool/worker"]],
  ["@vlm-export/quantize", ["counting/counter", "counting/count-worker"]],
]);

export async function bundle() {
  const folders = ["schemas", ...readdirSync(`${root}packages`).map((name) => `packages/${name}`)];
  await Promise.all(folders.map((folder) => bundlePackage(join(root, folder))));
}

async function bundlePackage(folder) {
  const { rolldown } = await import("rolldown"); // this file is loaded before anything is installed
  const { name, exports } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const exported = Object.values(exports).flatMap((target) => /^\.\/dist\/(.*)\.js$/.exec(target.default ?? "")?.[1] ?? []);
  const entries = [...exported, ...(INNER_ENTRIES.get(name) ?? [])];
  const build = await rolldown({
    input: Object.fromEntries(entries.map((entry) => [entry, join(folder, "src", `${entry}.ts`)])),
    platform: "neutral", // of packages for Node and browsers the ES modules, which Node starts quicker than CommonJS
    external: isExternal,
    resolve: { extensionAlias: { ".js": [".ts", ".js"] }, conditionNames: ["import", "default"] },
  });
  const { output } = await build.generate({ format: "esm", sourcemap: true, chunkFileNames: "[name].js" });
  replaceCode(join(folder, "dist"), output);
  writeNotices(join(folder, "dist"), output);
}

function isExternal(id, importer) {
  if (isBuiltin(id)) return true;
  return !id.startsWith(".") && !id.startsWith("/") && !INLINED.has(id) && !isForeign(importer);
}

function isForeign(file) {
  return file?.includes("/node_modules/") ?? false;
}

/** The licences of the packages whose code is in the bundle. */
function writeNotices(dist, output) {
  const files = output.flatMap(({ moduleIds = [] }) => moduleIds).filter((id) => isForeign(id) && existsSync(id));
  const notices = new Set(files.map((id) => noticeOf(/^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id)[0])));
  const text = `Code of these packages is part of the files here.\n\n${[...notices].sort().join("\n")}`;
  if (notices.size > 0) writeFileSync(join(dist, NOTICES), text);
}

function noticeOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  if (file === undefined) throw new Error(`${name} ${version} has no licence file to go with the bundle`);
  return `${name} ${version} (${license})\n\n${readFileSync(join(folder, file), "utf8").trim()}\n`;
}

/** Puts the bundle in the place of the single files. Without its build information `tsc -b` writes all of them again. */
function replaceCode(dist, output) {
  rmSync(join(dist, ".tsbuildinfo"), { force: true });
  for (const file of readdirSync(dist, { recursive: true })) if (/\.js(\.map)?$/.test(file)) rmSync(join(dist, file));
  for (const { fileName, code, source } of output) {
    mkdirSync(dirname(join(dist, fileName)), { recursive: true });
    writeFileSync(join(dist, fileName), code ?? source);
  }
}

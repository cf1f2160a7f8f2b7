/**
 * Bundles every package: after it `dist` holds one file for each entry that package.json exports, with what several of them share
 * beside it: `vlm-export plan` loads 63 files of ours then, without it one for each source file that it reaches. Other packages, ours
 * too, stay imports, so that a backend from elsewhere and the command share one copy of each. `tsc -b` alone makes the unbundled files
 * again.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { root } from "./install.mjs";

/** Entries that are no exports: what a package's `bin` and its worker threads load. */
const INNER_ENTRIES = new Map([
  ["vlm-export", ["main"]],
  ["@vlm-export/numerics", ["pool/worker"]],
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
    platform: "node",
    external: (id) => !id.startsWith(".") && !id.startsWith("/"),
    resolve: { extensionAlias: { ".js": [".ts"] } },
  });
  const { output } = await build.generate({ format: "esm", sourcemap: true, chunkFileNames: "[name].js" });
  replaceCode(join(folder, "dist"), output);
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

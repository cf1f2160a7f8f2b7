/** Builds everything: WASM kernels, then all packages by project references, then one bundle of each package. */
import { bundle } from "./bundle.mjs";
import { root, run } from "./install.mjs";

/** Without the bundles: what types and tests of single packages need. */
export function compile() {
  run(process.execPath, [`${root}packages/numerics/scripts/build-wasm.mjs`]);
  run(process.execPath, [`${root}node_modules/ts7/bin/tsc`, "-b"]);
}

export async function build() {
  compile();
  await bundle();
}

if (process.argv[1] === `${root}scripts/build.mjs`) await build();

/** Builds everything: WASM kernels, then all packages by project references. */
import { root, run } from "./install.mjs";

export function build() {
  run(process.execPath, [`${root}packages/numerics/scripts/build-wasm.mjs`]);
  run(process.execPath, [`${root}node_modules/ts7/bin/tsc`, "-b"]);
}

if (process.argv[1] === `${root}scripts/build.mjs`) build();

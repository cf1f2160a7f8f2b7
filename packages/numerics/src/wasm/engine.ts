import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { KERNELS_URL } from "../asset-urls.js";
import { kernelsMissing } from "../errors.js";
import type { KernelExports } from "./exports.js";

/** The part of the WebAssembly interface in use; it is in no TypeScript library that a Node package loads. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: object };
};

/** One instance of the compiled kernels with views of its memory, which never grows. */
export interface Engine {
  readonly run: KernelExports;
  readonly u8: Uint8Array;
  readonly u16: Uint16Array;
  readonly u32: Uint32Array;
  readonly i32: Int32Array;
  readonly f32: Float32Array;
  readonly f64: Float64Array;
}

/** A new instance of build/kernels.wasm. Throws VX-TOOL-KERNELS-MISSING when the file is absent or does not compile. */
export function createEngine(): Engine {
  const run = instantiate(KERNELS_URL);
  const { buffer } = run.memory;
  return {
    run,
    u8: new Uint8Array(buffer),
    u16: new Uint16Array(buffer),
    u32: new Uint32Array(buffer),
    i32: new Int32Array(buffer),
    f32: new Float32Array(buffer),
    f64: new Float64Array(buffer),
  };
}

function instantiate(url: URL): KernelExports {
  try {
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(url)));
    return exports as unknown as KernelExports; // the one place where the compiled module meets its declared shape
  } catch (cause) {
    throw kernelsMissing(fileURLToPath(url), cause);
  }
}

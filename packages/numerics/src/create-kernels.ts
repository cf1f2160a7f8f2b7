import type { Kernels } from "./kernels.js";
import { createOracleKernels } from "./oracle/create-oracle-kernels.js";

/** New kernels with their own memory. Throws VX-TOOL-KERNELS-MISSING when the compiled kernels are not there. */
export function createKernels(): Kernels {
  return createOracleKernels();
}

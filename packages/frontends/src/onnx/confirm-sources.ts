import type { FilePool } from "@vlm-export/formats/files";
import { withFormatErrors } from "./format-errors.js";

/**
 * Throws VX-IMPORT-FILE-CHANGED when the model at `path`, or data of it, is not the file that `pool` opened. Engines and threads read weights
 * by their paths, and would mix two models without notice.
 */
export function confirmSources(path: string, pool: FilePool): void {
  withFormatErrors(path, () => pool.confirmAll());
}

import { VxError } from "@vlm-export/ir";
import { engineLacks } from "./engine-lacks.js";
import { engineSample } from "./errors.js";

/** What a message says of the sample that was run. */
export interface SampleSource {
  /** `calibration.jsonl:3`, `pictures/a.png` of a folder, or `random:0`. */
  readonly name: string;
  /** The line that gives it, or the file of a folder; absent for one that was made up. */
  readonly place?: { readonly file: string; readonly line?: number };
}

/**
 * Runs one sample through a model that is not to blame, as it is the user's own, and that the engine has loaded. Throws VX-ENGINE-SAMPLE where
 * the engine then fails without lacking anything; other errors are unchanged.
 */
export async function runSample<T>(sample: SampleSource, stage: "calibrate" | "verify", run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    const isOfSample = error instanceof VxError && error.diagnostic.code === "VX-ENGINE-RUN" && !engineLacks(error);
    throw isOfSample ? engineSample(sample, stage, error) : error;
  }
}

import type { DefaultRun, Tensors } from "@vlm-export/backend-api";
import { type Diagnostic, VxError } from "@vlm-export/ir";
import type { Kernels } from "@vlm-export/numerics";
import type { DefaultRun as DefaultRunReport } from "@vlm-export/schemas";
import { verifyDefaults, verifyDefaultsFailed } from "../errors.js";
import { OutputErrors, type WorstError, worstOf } from "./output-errors.js";

/** Loss against the engine with its settings changed that is worth a warning, where the result is no better than this. */
const LOSS_DB = 1;
const GOOD_DB = 50;

/** Says nothing of the artifact. */
const NO_ROOM = "VX-ENGINE-MEMORY";

/** Errors of the artifact on an engine that nothing is set on; an engine that fails there is asked no more. */
export class DefaultErrors {
  readonly #artifact: DefaultRun;
  readonly #errors: OutputErrors;
  #failure: VxError | undefined;

  constructor(artifact: DefaultRun, kernels: Kernels) {
    this.#artifact = artifact;
    this.#errors = new OutputErrors(kernels);
  }

  async add(expected: Tensors, inputs: Tensors): Promise<void> {
    if (this.#failure) return;
    try {
      this.#errors.add(expected, await this.#artifact.run(inputs));
    } catch (error) {
      if (!(error instanceof VxError) || error.kind === "interrupted") throw error;
      this.#failure = error;
    }
  }

  report(): DefaultRunReport {
    const { message: reason, diagnostic } = this.#failure ?? {};
    if (reason !== undefined) return { status: diagnostic?.code === NO_ROOM ? "not-run" : "failed", reason };
    return { status: "run", ...worstOf(this.#errors.result()) };
  }

  /** A warning where users who set nothing get much less than was measured with settings changed. */
  findings(backend: string, set: WorstError | undefined): readonly Diagnostic[] {
    const { status, reason, sqnrDb } = this.report();
    if (status === "not-run") return [];
    const { advice } = this.#artifact;
    if (reason !== undefined) return [verifyDefaultsFailed(backend, reason, advice)];
    const [before, after] = [set?.sqnrDb ?? Number.POSITIVE_INFINITY, sqnrDb ?? Number.POSITIVE_INFINITY];
    return after < GOOD_DB && before - after >= LOSS_DB ? [verifyDefaults(backend, { before, after, advice })] : [];
  }
}

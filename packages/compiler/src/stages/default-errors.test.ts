import type { Tensors } from "@vlm-export/backend-api";
import { f32Tensor, VxError } from "@vlm-export/ir";
import { createKernels } from "@vlm-export/numerics";
import { expect, test } from "vitest";
import { DefaultErrors } from "./default-errors.js";

const kernels = createKernels();
const tensorsOf = (...values: readonly number[]): Tensors => new Map([["y", f32Tensor(values, [values.length])]]);
const EXACT = { cosine: 1, sqnrDb: null, maxAbsError: 0 };

/** The errors of an artifact that gives `values` where 100 and 100 are right. */
async function errorsOf(...values: readonly number[]): Promise<DefaultErrors> {
  const errors = new DefaultErrors({ advice: "Set it.", run: async () => tensorsOf(...values) }, kernels);
  await errors.add(tensorsOf(100, 100), new Map());
  return errors;
}

test("a loss against the engine with settings is a warning that says both figures and what to do", async () => {
  const errors = await errorsOf(90, 110);
  expect(errors.report()).toMatchObject({ status: "run", sqnrDb: expect.closeTo(20) as number, maxAbsError: 10 });
  expect(errors.findings("target", { ...EXACT, sqnrDb: 21.5 })).toEqual([
    expect.objectContaining({
      code: "VX-VERIFY-DEFAULTS",
      severity: "warning",
      message: expect.stringMatching(/SQNR 20\.0 dB .* 21\.5 dB/) as string,
      hint: "Set it.",
    }),
  ]);
  expect(errors.findings("target", EXACT)[0]?.message).toContain("no error");
});

test("less than 1 dB, or a loss that leaves 50 dB, is none", async () => {
  expect((await errorsOf(90, 110)).findings("target", { ...EXACT, sqnrDb: 20.5 })).toEqual([]);
  expect((await errorsOf(100.2, 99.8)).findings("target", EXACT)).toEqual([]);
  expect((await errorsOf(100, 100)).report()).toEqual({ status: "run", ...EXACT });
});

test("a model that does not fit into memory is not run, which is no warning about the artifact", async () => {
  const run = async (): Promise<Tensors> => {
    throw new VxError({ code: "VX-ENGINE-MEMORY", severity: "error", message: "no room.", where: { stage: "verify" } }, { kind: "tool" });
  };
  const errors = new DefaultErrors({ advice: "Set it.", run }, kernels);
  await errors.add(tensorsOf(1), new Map());
  expect(errors.report()).toMatchObject({ status: "not-run", reason: expect.stringContaining("no room.") as string });
  expect(errors.findings("target", EXACT)).toEqual([]);
});

test("an engine that refuses the artifact is asked once, and its words are the warning", async () => {
  let asked = 0;
  const run = async (): Promise<Tensors> => {
    asked += 1;
    throw new VxError({ code: "VX-ENGINE-LOAD", severity: "error", message: "no kernel.", where: { stage: "verify" } });
  };
  const errors = new DefaultErrors({ advice: "Set it.", run }, kernels);
  for (let i = 0; i < 2; i += 1) await errors.add(tensorsOf(1), new Map());
  expect(asked).toBe(1);
  expect(errors.report()).toMatchObject({ status: "failed", reason: expect.stringContaining("no kernel.") as string });
  expect(errors.findings("target", EXACT)).toMatchObject([{ code: "VX-VERIFY-DEFAULTS", severity: "warning", hint: "Set it." }]);
});

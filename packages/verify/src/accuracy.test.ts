import { f32Tensor, type TensorData, VxError } from "@vlm-export/ir";
import { expect, test } from "vitest";
import { type Answerer, type LabelledSample, topOneAccuracy } from "./accuracy.js";

/** Gives a tensor of this shape whose largest number is at `best`, for the sample of that name. */
function answering(shape: readonly number[], best: Readonly<Record<string, number>>): Answerer {
  const logits = (sample: LabelledSample): TensorData => {
    const values = new Float32Array(shape.reduce((a, b) => a * b, 1));
    values[best[sample.name] ?? 0] = 1;
    return f32Tensor(values, shape);
  };
  return { run: async (_, sample) => new Map([["logits", logits(sample)]]) };
}

async function* labelled(labels: Readonly<Record<string, number>>): AsyncGenerator<LabelledSample> {
  for (const [name, label] of Object.entries(labels)) yield { name, label, tensors: new Map() };
}

const LABELS = { a: 0, b: 1, c: 2, d: 3 };

test.each([[[4]], [[1, 4]], [[1, 4, 1, 1]]])("logits %j: shares, and what changed sides", async (shape) => {
  const float = answering(shape, { a: 0, b: 1, c: 2, d: 0 });
  const quantized = answering(shape, { a: 0, b: 0, c: 0, d: 3 });
  expect(await topOneAccuracy(float, quantized, labelled(LABELS))).toMatchObject({ n: 4, float: 0.75, quantized: 0.5, lost: 2, gained: 1 });
});

test.each([[[1, 17, 64]], [[2, 4]], [[1]], [[1, 1]], [[]]])("an output %j is no list of scores of one sample", async (shape) => {
  const model = answering(shape, {});
  const error = await topOneAccuracy(model, model, labelled(LABELS)).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(VxError);
  expect((error as VxError).diagnostic).toMatchObject({
    code: "VX-VERIFY-NO-SCORES",
    message: `sample a: the first output "logits" is [${shape.join(", ")}], top-1 needs the scores of one sample, such as [1, classes].`,
  });
});

test("NaN is no answer; of equal scores the first counts", async () => {
  const giving = (scores: readonly number[]): Answerer => ({
    run: async () => new Map([["logits", f32Tensor(scores, [1, scores.length])]]),
  });
  const equal = giving([0, 2, 2, Number.NEGATIVE_INFINITY]);
  const broken = giving([0, 2, Number.NaN, 1]);
  expect(await topOneAccuracy(equal, broken, labelled({ b: 1 }))).toMatchObject({ float: 1, quantized: 0, lost: 1 });
  expect(await topOneAccuracy(giving([Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]), broken, labelled({ c: 2 }))).toMatchObject({
    float: 0,
    quantized: 0,
  });
});

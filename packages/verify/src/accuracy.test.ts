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

test.each([[[1, 17, 64]], [[2, 4]]])("an output %j is no list of scores of one sample", async (shape) => {
  const model = answering(shape, {});
  const error = await topOneAccuracy(model, model, labelled(LABELS)).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(VxError);
  expect((error as VxError).diagnostic).toMatchObject({
    code: "VX-VERIFY-NO-SCORES",
    message: `sample a: the first output "logits" is [${shape.join(", ")}], top-1 needs the scores of one sample, such as [1, classes].`,
  });
});

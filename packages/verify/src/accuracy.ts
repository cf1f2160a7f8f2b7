import type { Tensors } from "@vlm-export/backend-api";
import type { TensorData } from "@vlm-export/ir";
import { toFloats } from "./compare-outputs.js";
import { verifyNoScores } from "./errors.js";
import { wilsonInterval } from "./interval.js";

/** Something that answers samples: the float model, an artifact's session. */
export interface Answerer<S extends LabelledSample = LabelledSample> {
  /** `sample` is where the inputs come from, for messages. */
  run(inputs: Tensors, sample: S): Promise<Tensors>;
}

/** One sample with its class index. */
export interface LabelledSample {
  readonly name: string;
  readonly tensors: Tensors;
  readonly label: number;
}

/** Task accuracy of float and quantized model on the same samples. */
export interface Accuracy {
  readonly metric: "top-1";
  readonly float: number;
  readonly quantized: number;
  readonly n: number;
  /** 95 % interval (Wilson) of the quantized accuracy. */
  readonly interval95: readonly [low: number, high: number];
  /** Samples that float answers right and quantized wrong, and the other way round. */
  readonly lost: number;
  readonly gained: number;
}

/**
 * Share of samples whose label is the index of the largest logit of the first output, for both models. One sample in memory at a
 * time. NaN among the logits is no answer. Throws VX-VERIFY-NO-SCORES unless exactly one extent of that output is above 1.
 */
export async function topOneAccuracy<S extends LabelledSample>(
  float: Answerer<S>,
  quantized: Answerer<S>,
  samples: AsyncIterable<S>,
): Promise<Accuracy> {
  const counts = { n: 0, float: 0, quantized: 0, lost: 0, gained: 0 };
  for await (const sample of samples) {
    const right = (await answerOf(float, sample)) === sample.label;
    const rightQuantized = (await answerOf(quantized, sample)) === sample.label;
    counts.n += 1;
    counts.float += Number(right);
    counts.quantized += Number(rightQuantized);
    counts.lost += Number(right && !rightQuantized);
    counts.gained += Number(!right && rightQuantized);
  }
  const { n, lost, gained } = counts;
  return {
    metric: "top-1",
    float: ratio(counts.float, n),
    quantized: ratio(counts.quantized, n),
    n,
    interval95: wilsonInterval(counts.quantized, n),
    lost,
    gained,
  };
}

async function answerOf<S extends LabelledSample>(model: Answerer<S>, sample: S): Promise<number> {
  const [first] = await model.run(sample.tensors, sample);
  if (!first) return -1;
  const [output, logits] = first;
  if (logits.shape.filter((extent) => extent > 1).length !== 1) throw verifyNoScores(output, logits.shape, sample.name);
  return largest(logits);
}

/** Index of the first largest number; -1 when one is not a number. */
function largest(logits: TensorData): number {
  const values = toFloats(logits);
  if (!values || values.some(Number.isNaN)) return -1;
  let best = 0;
  for (let i = 1; i < values.length; i += 1) if ((values[i] as number) > (values[best] as number)) best = i;
  return best;
}

function ratio(count: number, n: number): number {
  return n === 0 ? 0 : count / n;
}

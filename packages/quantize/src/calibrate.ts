import type { Engine } from "@vlm-export/engine";
import type { Model, OpRegistry, TensorData, Value } from "@vlm-export/ir";
import type { Kernels } from "@vlm-export/numerics";
import type { Plan } from "@vlm-export/recipe";
import { calibrators } from "./calibrators/calibrators.js";
import { calEmpty, calNonFinite } from "./errors.js";
import { Observation } from "./observers/observation.js";
import type { Statistics } from "./statistics.js";

/** One input of the model. */
export interface CalibrationSample {
  readonly name: string;
  readonly tensors: ReadonlyMap<string, TensorData>;
}

export interface CalibrateOptions {
  readonly engine: Engine;
  readonly ops: OpRegistry;
  readonly kernels: Kernels;
  readonly model?: Pick<Model, "metadata" | "opsets">;
  readonly signal?: AbortSignal;
  progress?(samples: number): void;
}

/** Runs the samples through the float graph once and gathers what every calibrator of the plan needs. Throws VX-CAL-*, VX-ENGINE-*. */
export async function calibrate(plan: Plan, samples: AsyncIterable<CalibrationSample>, options: CalibrateOptions): Promise<Statistics> {
  const { engine, ops, kernels, model, signal } = options;
  const observations = observationsOf(plan);
  const taps = [...observations].map(([value, observation]) => ({
    value,
    kind: observation.needsHistogram ? ("tensor" as const) : ("range" as const),
  }));
  const session = await engine.openGraph({ graph: plan.graph, ops, taps, ...(model && { model }) }, { ...(signal && { signal }) });
  let count = 0;
  try {
    for await (const sample of samples) {
      signal?.throwIfAborted();
      const result = await session.run(sample.tensors);
      for (const [value, observation] of observations) {
        const tensor = result.tensors.get(value);
        const range = result.ranges.get(value);
        const isFinite = tensor ? observation.addTensor(tensor, kernels) : range ? observation.addRange(...range) : true;
        if (!isFinite) throw calNonFinite(value, sample.name);
      }
      count += 1;
      options.progress?.(count);
    }
  } finally {
    await session.close();
  }
  if (count === 0) throw calEmpty();
  return { samples: count, values: new Map([...observations].map(([value, observation]) => [value, observation.result()])), cached: false };
}

/** One observation per value whose range the plan needs, with a histogram where its calibrator reads one. */
function observationsOf(plan: Plan): ReadonlyMap<string, Observation> {
  const needs = new Map<Value, boolean>();
  for (const { request, observe } of plan.groups) {
    for (const value of observe) needs.set(value, (needs.get(value) ?? false) || calibrators[request.method.name].needsHistogram);
  }
  return new Map([...needs].map(([value, needsHistogram]) => [value.name, new Observation(needsHistogram)]));
}

import type { TensorData } from "@vlm-export/ir";
import { floatsFromBytes, type Kernels } from "@vlm-export/numerics";
import { emptyHistogram, type Histogram, limitFor, widen } from "../histogram.js";
import type { ValueStatistics } from "../statistics.js";

/** Collects one value over the samples of a run: extremes per sample and, when asked, a histogram whose range grows. */
export class Observation {
  private readonly mins: number[] = [];
  private readonly maxs: number[] = [];
  private elements = 0;
  private histogram: Histogram | undefined;

  constructor(needsHistogram: boolean) {
    this.histogram = needsHistogram ? emptyHistogram() : undefined;
  }

  get needsHistogram(): boolean {
    return this.histogram !== undefined;
  }

  /** Adds the extremes of one sample. Returns false when they are not finite. */
  addRange(min: number, max: number): boolean {
    this.mins.push(min);
    this.maxs.push(max);
    return Number.isFinite(min) && Number.isFinite(max);
  }

  /** Adds a whole f32 tensor of one sample. Returns false when it holds NaN or infinity. */
  addTensor(tensor: TensorData, kernels: Kernels): boolean {
    const floats = floatsFromBytes(tensor.bytes(), "f32") as Float32Array;
    const { min, max, nanCount, infCount } = kernels.rangeOf(floats);
    this.elements += floats.length;
    if (floats.length === 0) return true;
    if (nanCount + infCount > 0 || !this.addRange(min, max) || !this.histogram) return nanCount + infCount === 0;
    const limit = Math.max(this.histogram.limit, limitFor(Math.max(-min, max)));
    if (limit === 0) this.histogram = { ...this.histogram, zeros: this.histogram.zeros + floats.length };
    else {
      this.histogram = widen(this.histogram, limit);
      kernels.histogram(floats, -limit, limit, this.histogram.counts);
    }
    return true;
  }

  result(): ValueStatistics {
    return {
      elements: this.elements,
      sampleMin: Float32Array.from(this.mins),
      sampleMax: Float32Array.from(this.maxs),
      ...(this.histogram && { histogram: this.histogram }),
    };
  }
}

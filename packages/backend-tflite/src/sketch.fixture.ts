import { scaleValues } from "@vlm-export/backend-api";
import {
  elementCount,
  f32Tensor,
  GraphEditor,
  i64Tensor,
  memoryTensor,
  type Model,
  type Node,
  type QuantSpec,
  type TensorData,
  type Value,
} from "@vlm-export/ir";
import { type IntegerType, pack } from "@vlm-export/numerics";
import { standardOps } from "@vlm-export/ops";

const ops = standardOps();

let seed = 7;
export function random(): number {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return seed / 2 ** 32 - 0.5;
}

export function randoms(shape: readonly number[], size = 2): TensorData {
  return f32Tensor(
    Array.from({ length: elementCount(shape) }, () => random() * size),
    shape,
  );
}

/** Block-quantized constant: `blockSize` elements along `axis` share a scale. */
export function blocked(
  s: Sketch,
  shape: readonly number[],
  storage: IntegerType,
  { axis, blockSize }: { readonly axis: number; readonly blockSize: number },
): Value {
  const scaleShape = shape.map((extent, i) => (i === axis ? extent / blockSize : extent));
  const [low, high] = storage === "u4" ? [0, 15] : storage === "i4" ? [-7, 7] : [-127, 127];
  const numbers = (count: number, from: number, to: number) =>
    Array.from({ length: count }, () => Math.round((random() + 0.5) * (to - from) + from));
  const groups = elementCount(scaleShape);
  const quant: QuantSpec = {
    storage,
    range: [low, high],
    granularity: "block",
    mode: "static",
    scale: f32Tensor(
      numbers(groups, 1, 9).map((n) => n / 64),
      scaleShape,
    ),
    ...(storage === "u4" && { zeroPoint: memoryTensor(storage, scaleShape, pack(numbers(groups, 5, 10), storage)) }),
  };
  const data = memoryTensor(storage, shape, pack(numbers(elementCount(shape), low, high), storage));
  return s.edit.addConstant(s.edit.freshName("blocks"), data, { dtype: "f32", shape, quant });
}

interface SpecFields {
  readonly storage: IntegerType;
  readonly range: readonly [number, number];
  readonly rank: number;
  readonly scales: readonly number[];
  readonly axis?: number;
  readonly zeroPoint?: number;
}

export function spec({ storage, range, rank, scales, axis, zeroPoint }: SpecFields): QuantSpec {
  const shape = Array.from({ length: rank }, (_, i) => (i === axis ? scales.length : 1));
  return {
    storage,
    range,
    granularity: axis === undefined ? "tensor" : "channel",
    mode: "static",
    scale: f32Tensor(scales, shape),
    ...(zeroPoint !== undefined && {
      zeroPoint: memoryTensor(
        storage,
        shape,
        pack(
          scales.map(() => zeroPoint),
          storage,
        ),
      ),
    }),
  };
}

/** A graph under construction with the quantized types that a frozen graph has. */
export class Sketch {
  readonly edit = new GraphEditor(ops, "main");
  #n = 0;

  input(name: string, shape: readonly number[], scale?: number, zeroPoint = 3): Value {
    const value = this.edit.addInput(name, { dtype: "f32", shape });
    return scale === undefined ? value : this.integers(value, scale, zeroPoint);
  }

  float(shape: readonly number[], data = randoms(shape)): Value {
    return this.edit.addConstant(this.edit.freshName("c"), data);
  }

  indices(...values: number[]): Value {
    return this.edit.addConstant(this.edit.freshName("i"), i64Tensor(values));
  }

  weight(shape: readonly number[], storage: IntegerType = "i8", axis?: number): Value {
    const [low, high] = storage === "i4" ? [-7, 7] : storage === "u8" ? [1, 255] : [-127, 127];
    const codes = Array.from({ length: elementCount(shape) }, () => Math.round((random() + 0.5) * (high - low) + low));
    const scales = Array.from({ length: axis === undefined ? 1 : shape[axis]! }, () => 0.002 + 0.004 * (random() + 0.5));
    const fields = { storage, range: [low, high] as const, rank: shape.length, scales };
    const quant = spec({ ...fields, ...(axis !== undefined && { axis }), ...(storage === "u8" && { zeroPoint: 128 }) });
    return this.edit.addConstant(this.edit.freshName("w"), memoryTensor(storage, shape, pack(codes, storage)), {
      dtype: "f32",
      shape,
      quant,
    });
  }

  /** int32 bias of x · w along `axis` of the weight. */
  bias(x: Value, w: Value, count: number): Value {
    const [scaleX = 1] = scaleValues(x.type.quant!);
    const scales = [...scaleValues(w.type.quant!)].map((scale) => Math.fround(scale * scaleX));
    const quant = spec({ storage: "i32", range: [-(2 ** 31), 2 ** 31 - 1], rank: 1, scales, ...(scales.length > 1 && { axis: 0 }) });
    const codes = Array.from({ length: count }, () => Math.round(random() * 4000));
    return this.edit.addConstant(this.edit.freshName("b"), memoryTensor("i32", [count], pack(codes, "i32")), {
      dtype: "f32",
      shape: [count],
      quant,
    });
  }

  /** Adds a node; its result stays a real number. */
  node(op: string, inputs: readonly (Value | null)[], attrs: Node["attrs"] = {}): Value {
    return this.edit.insert(op, inputs, attrs, { name: `${op}_${(this.#n += 1)}` })[0]!;
  }

  /** Makes the value integers, int8 or (odd ones) uint8. */
  integers(value: Value, scale: number, zeroPoint = -5): Value {
    this.#n += 1;
    const unsigned = this.#n % 2 === 1;
    const fields = unsigned
      ? { storage: "u8" as const, range: [0, 255] as const }
      : { storage: "i8" as const, range: [-128, 127] as const };
    const point = unsigned ? zeroPoint + 128 : zeroPoint;
    this.edit.retype(value, {
      ...value.type,
      quant: spec({ ...fields, rank: value.type.shape!.length, scales: [scale], zeroPoint: point }),
    });
    return value;
  }

  model(...outputs: readonly Value[]): Model {
    for (const value of outputs) this.edit.addOutput(value);
    this.edit.settle();
    const graph = this.edit.graph;
    return { name: "m", components: new Map([["main", graph]]), links: [], metadata: new Map(), sources: [], opsets: new Map() };
  }
}

import {
  elementCount,
  f32Tensor,
  type Graph,
  GraphEditor,
  memoryTensor,
  type Model,
  type OpRegistry,
  type QuantSpec,
  type TensorData,
  type TensorType,
  type Value,
} from "@vlm-export/ir";
import { createKernels, type IntegerType, pack } from "@vlm-export/numerics";

/** A small quantized model that a backend must carry exactly, or reject by a rule. */
export interface ConformanceCase {
  readonly name: string;
  build(ops: OpRegistry): Model;
}

/** A model of one component, `main`. */
export function modelOf(name: string, graph: Graph): Model {
  return { name, components: new Map([["main", graph]]), links: [], metadata: new Map(), sources: [], opsets: new Map() };
}

export interface WeightForm {
  readonly storage: IntegerType;
  readonly range: readonly [qmin: number, qmax: number];
  readonly granularity: QuantSpec["granularity"];
  readonly scaleShape: readonly number[];
  readonly isAsymmetric?: boolean;
  /** Scales are stored as f16, in which they are exact. */
  readonly hasHalfScales?: boolean;
}

/** A constant of `shape` with integers that run through the whole range, and scales that are exact in f16. */
export function quantizedConstant(edit: GraphEditor, name: string, shape: readonly number[], form: WeightForm): Value {
  const { storage, range, granularity, scaleShape, isAsymmetric = false, hasHalfScales = false } = form;
  const [qmin, qmax] = range;
  const count = elementCount(shape);
  const scales = elementCount(scaleShape);
  const codes = Array.from({ length: count }, (_, i) => qmin + ((i * 7) % (qmax - qmin + 1)));
  const numbers = Array.from({ length: scales }, (_, i) => (1 + (i % 13)) / 1024);
  const quant: QuantSpec = {
    storage,
    range,
    granularity,
    mode: "static",
    scale: hasHalfScales ? halfTensor(numbers, scaleShape) : f32Tensor(numbers, scaleShape),
    ...(isAsymmetric && {
      zeroPoint: memoryTensor(
        storage,
        scaleShape,
        pack(
          Array.from({ length: scales }, (_, i) => qmin + 1 + (i % 3)),
          storage,
        ),
      ),
    }),
  };
  return edit.addConstant(name, memoryTensor(storage, shape, pack(codes, storage)), { dtype: "f32", shape, quant });
}

function halfTensor(numbers: readonly number[], shape: readonly number[]): TensorData {
  const bits = createKernels().toHalf(Float32Array.from(numbers), "f16");
  return memoryTensor("f16", shape, new Uint8Array(bits.buffer, bits.byteOffset, bits.byteLength));
}

/** The type of an activation with one scale. */
export function activationType(shape: readonly number[], storage: IntegerType, scale: number, zeroPoint: number): TensorType {
  const ones = shape.map(() => 1);
  const range: Readonly<Partial<Record<IntegerType, readonly [number, number]>>> = {
    i8: [-128, 127],
    u8: [0, 255],
    i16: [-32768, 32767],
    u16: [0, 65535],
  };
  const quant: QuantSpec = {
    storage,
    range: range[storage] ?? [-128, 127],
    granularity: "tensor",
    mode: "static",
    scale: f32Tensor([scale], ones),
    realRange: [-1, 1],
    ...(zeroPoint !== 0 && { zeroPoint: memoryTensor(storage, ones, pack([zeroPoint], storage)) }),
  };
  return { dtype: "f32", shape, quant };
}

import { BITS, elementCount, type GraphEditor, memoryTensor, type QuantSpec, type TensorData, type Value } from "@vlm-export/ir";

/**
 * Repeats the column scales of stacks of matrices for every matrix, as blocks as long as a column: integer MatMul kernels of ONNX Runtime
 * refuse a vector of scales or zero points for more than one matrix. Returns the names of the constants.
 */
export function repeatColumnScales(edit: GraphEditor): ReadonlySet<string> {
  const stacks = edit.graph.constants.filter((value) => isStack(edit, value));
  for (const value of stacks) edit.setData(value, value.data as TensorData, { ...value.type, quant: repeatedSpec(value) });
  return new Set(stacks.map(({ name }) => name));
}

/** A constant of several 8-bit matrices with a scale per column that some MatMul multiplies by. */
function isStack({ graph }: GraphEditor, value: Value): boolean {
  const { data, type } = value;
  const isBytes = type.quant !== undefined && BITS[type.quant.storage] === 8;
  if (!data || !isBytes || data.shape.length <= 2 || !isPerColumn(data.shape, type.quant?.scale?.shape ?? [])) return false;
  return graph.users(value).some(({ op, inputs }) => op === "MatMul" && inputs[1] === value);
}

function isPerColumn(shape: readonly number[], scale: readonly number[]): boolean {
  const columns = shape.at(-1) ?? 1;
  return columns > 1 && scale.at(-1) === columns && elementCount(scale) === columns;
}

function repeatedSpec({ data, type }: Value): QuantSpec {
  const { scale, zeroPoint, ...spec } = type.quant as QuantSpec;
  const shape = (data as TensorData).shape.map((extent, axis, { length }) => (axis === length - 2 ? 1 : extent));
  return {
    ...spec,
    granularity: "block",
    scale: repeated(scale as TensorData, shape),
    ...(zeroPoint && { zeroPoint: repeated(zeroPoint, shape) }),
  };
}

/** `data`, one row, as often as there are rows in `shape`. */
function repeated({ dtype, bytes: read }: TensorData, shape: readonly number[]): TensorData {
  const row = read();
  const bytes = new Uint8Array((row.byteLength * elementCount(shape)) / (shape.at(-1) as number));
  for (let at = 0; at < bytes.byteLength; at += row.byteLength) bytes.set(row, at);
  return memoryTensor(dtype, shape, bytes);
}

import { elementCount, type Value } from "@vlm-export/ir";
import { rowMajor } from "../../layout.js";
import { fromStart } from "../from-end.js";
import type { Lowering } from "../lowering.js";
import { axisIn, elementsOf, formOf, inputOf, type LowerNode, numberAttr, outputOf } from "../node.js";

interface Flat {
  readonly name: string;
  /** Extent of the axis and how far apart its elements lie. */
  readonly extent: number;
  readonly stride: number;
  /** Position of each result's row in the operand, as one axis. */
  readonly bases: readonly number[];
  readonly shape: readonly number[];
}

/** Gather of single elements along one axis: GATHER by position in the operand as one axis. */
export const gatherElements: LowerNode = (lowering, node) => {
  const [x, indices, y] = [inputOf(node, 0), inputOf(node, 1), outputOf(node)];
  const form = formOf("moves", [x], y);
  const [extents, shape] = [lowering.shape(x), lowering.shape(indices)];
  const axis = axisIn(numberAttr(node, "axis", 0), extents.length);
  const strides = extents.map((_, i) => elementCount(extents.slice(i + 1)));
  const bases = basesOf(shape, strides, axis);
  const flat: Flat = { name: node.name, extent: extents[axis] ?? 1, stride: strides[axis] ?? 1, bases, shape };
  const positions = knownPositions(lowering, indices, flat) ?? computedPositions(lowering, indices, flat);
  const row = lowering.viewed(lowering.read(x, form), [elementCount(extents)]);
  const result = lowering.writeLike(y, form, rowMajor(shape.length), row);
  lowering.emit("GATHER", [row, positions], [result], { kind: "GatherOptions", axis: 0, batchDims: 0 });
};

/** Where the element 0 of the axis lies for each index. */
function basesOf(shape: readonly number[], strides: readonly number[], axis: number): readonly number[] {
  return shape.reduce<readonly number[]>(
    (bases, extent, i) =>
      bases.flatMap((base) => Array.from({ length: extent }, (_, k) => base + (i === axis ? 0 : k * (strides[i] ?? 1)))),
    [0],
  );
}

function knownPositions(lowering: Lowering, indices: Value, { extent, stride, bases, shape }: Flat): number | undefined {
  const known = elementsOf(indices);
  return (
    known &&
    lowering.program.indices(
      bases.map((base, i) => base + (((known[i] ?? 0) + extent) % extent) * stride),
      shape,
    )
  );
}

/** base + stride · index, for an index from the end after its extent is added. */
function computedPositions(lowering: Lowering, indices: Value, { name, extent, stride, bases, shape }: Flat): number {
  const { program } = lowering;
  const scratch = (step: string) => program.tensor({ name: `${name}_${step}`, type: "INT32", shape });
  const [scaled, positions] = [scratch("scaled"), scratch("positions")] as const;
  const chosen = fromStart(lowering, indices, name, [extent]);
  lowering.emit("MUL", [chosen, program.indices([stride], [])], [scaled], { kind: "MulOptions", fusedActivationFunction: "NONE" });
  lowering.emit("ADD", [scaled, program.indices(bases, shape)], [positions], {
    kind: "AddOptions",
    fusedActivationFunction: "NONE",
    potScaleInt16: false,
  });
  return positions;
}

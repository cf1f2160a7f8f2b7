import { type DType, VxError } from "@vlm-export/ir";

const INVALID_NODE = "ONNX does not allow such a node: export the model again with a newer exporter.";

function opError(code: `VX-OP-${string}`, message: string, hint: string = INVALID_NODE): VxError {
  return new VxError({ code, severity: "error", message, hint, where: { stage: "import" } });
}

/** The node has too few or too many inputs or outputs. */
export function opArity(op: string, side: "inputs" | "outputs", count: number, range: readonly [min: number, max: number]): VxError {
  const expected =
    range[0] === range[1] ? `${range[0]}` : `${range[0]} to ${range[1] === Number.POSITIVE_INFINITY ? "any number" : range[1]}`;
  return opError("VX-OP-ARITY", `${op}: ${count} ${side} were given; expected ${expected}.`);
}

/** An attribute has the wrong kind or a value that the op does not take. */
export function opAttribute(op: string, attribute: string, actual: string, expected: string): VxError {
  return opError("VX-OP-ATTRIBUTE", `${op}: attribute ${attribute} is ${actual}; expected ${expected}.`);
}

/** A required attribute is absent. */
export function opAttributeMissing(op: string, attribute: string, kind: string): VxError {
  return opError("VX-OP-ATTRIBUTE-MISSING", `${op}: attribute ${attribute} (${kind}) is missing; it is required.`);
}

/** An attribute that the op does not have. */
export function opAttributeUnknown(op: string, attribute: string, known: readonly string[]): VxError {
  const list = known.length > 0 ? known.join(", ") : "none";
  return opError("VX-OP-ATTRIBUTE-UNKNOWN", `${op}: attribute ${JSON.stringify(attribute)} is unknown; known attributes: ${list}.`);
}

/** An axis outside the rank. */
export function opAxis(op: string, axis: number, rank: number): VxError {
  const legal = rank === 0 ? "a scalar has no axes" : `expected an axis in [${-rank}, ${rank - 1}]`;
  return opError("VX-OP-AXIS", `${op}: axis ${axis} is outside a rank-${rank} tensor; ${legal}.`);
}

/** The same axis is named twice. */
export function opAxisRepeated(op: string, axes: readonly number[]): VxError {
  return opError("VX-OP-AXIS-REPEATED", `${op}: axes [${axes.join(", ")}] name one axis twice; expected each axis once.`);
}

/** Two extents that cannot be broadcast against each other. */
export function opBroadcast(op: string, shapes: readonly string[]): VxError {
  return opError(
    "VX-OP-BROADCAST",
    `${op}: shapes ${shapes.join(" and ")} do not broadcast; aligned extents must be equal, or one of them 1.`,
  );
}

/** Tensor bytes that do not hold what dtype and shape promise. */
export function opData(op: string, message: string): VxError {
  return opError("VX-OP-DATA", `${op}: ${message}`);
}

/** Integer division by zero in a constant. */
export function opDivideByZero(op: string): VxError {
  return opError("VX-OP-DIVIDE-BY-ZERO", `${op}: an integer is divided by 0; expected a divisor other than 0.`);
}

/** An operand whose element type the op does not take. */
export function opDtype(op: string, operand: string, dtype: DType, allowed: readonly DType[]): VxError {
  return opError("VX-OP-DTYPE", `${op}: ${operand} is ${dtype}; expected ${allowed.join(", ")}.`);
}

/** Two operands that must have one element type. */
export function opDtypeMismatch(op: string, first: string, second: string): VxError {
  return opError("VX-OP-DTYPE-MISMATCH", `${op}: ${first} and ${second} differ in element type; expected the same type.`, "Insert a Cast.");
}

/** An Einsum equation that is malformed or does not fit its operands. */
export function opEquation(equation: string, reason: string): VxError {
  return opError("VX-OP-EQUATION", `Einsum: equation ${JSON.stringify(equation)}: ${reason}.`);
}

/** An extent that does not fit the op. */
export function opExtent(op: string, what: string, actual: number | string, expected: string): VxError {
  return opError("VX-OP-EXTENT", `${op}: ${what} is ${actual}; expected ${expected}.`);
}

/** An index outside the extent that it points into. */
export function opIndex(op: string, index: number, extent: number): VxError {
  return opError("VX-OP-INDEX", `${op}: index ${index} is outside an extent of ${extent}; expected [${-extent}, ${extent - 1}].`);
}

/** A required operand is absent. */
export function opInputMissing(op: string, operand: string): VxError {
  return opError("VX-OP-INPUT-MISSING", `${op}: input ${operand} is absent; it is required.`);
}

/** The reference evaluation does not cover this form; the node itself is fine. Folding leaves such nodes alone. */
export function opNotEvaluated(op: string, what: string): VxError {
  return opError("VX-OP-NOT-EVALUATED", `${op}: there is no reference evaluation for ${what}.`, "The node stays in the graph.");
}

/** A rank that the op does not take. */
export function opRank(op: string, operand: string, rank: number, expected: string): VxError {
  return opError("VX-OP-RANK", `${op}: ${operand} has rank ${rank}; expected ${expected}.`);
}

/** A reshape that would change the number of elements. */
export function opReshape(op: string, from: string, to: string): VxError {
  return opError("VX-OP-RESHAPE", `${op}: ${from} cannot become ${to}; both must have the same number of elements.`);
}

/** A constant operand or result too large to be computed ahead of time. */
export function opTooLarge(op: string, shape: readonly number[], limit: number): VxError {
  return opError(
    "VX-OP-TOO-LARGE",
    `${op}: the constant [${shape.join(", ")}] has more than ${limit} elements; it is not computed ahead of time.`,
  );
}

/** A constant result that takes too long to be computed ahead of time. */
export function opTooMuchWork(op: string, macs: number, limit: number): VxError {
  return opError(
    "VX-OP-TOO-MUCH-WORK",
    `${op}: the constant result needs ${macs} multiply-accumulates, more than ${limit}; it is not computed ahead of time.`,
  );
}

/** An operand element that the op does not take. */
export function opValue(op: string, what: string, actual: number | string, expected: string): VxError {
  return opError("VX-OP-VALUE", `${op}: ${what} is ${actual}; expected ${expected}.`);
}

import type { DType, Node, OpRegistry, TensorType } from "@vlm-export/ir";
import { IR_OPSET, minOpsetOf, operatorAt, type OperatorVersion, operatorVersions, type ParameterSchema } from "@vlm-export/ops";
import { lowerOpset } from "./errors.js";

/** Lowest opset ever chosen: per-channel Q/DQ exists from here on, and no newer runtime lacks it. */
export const LOWEST_OPSET = 13;

/**
 * The lowest opset of the default domain, at least {@link LOWEST_OPSET}, that takes this node. Operators of other domains take any.
 * Throws VX-LOWER-OPSET for an operator of ONNX that the registry does not know and that is not of the form of any opset.
 */
export function lowestOpsetOf(node: Node, ops: OpRegistry): number {
  if (ops.get(node.op)) return Math.max(LOWEST_OPSET, minOpsetOf(node));
  const versions = operatorVersions(node.op);
  const pinned = operatorAt(node.op, IR_OPSET) ?? versions[0];
  if (!pinned) return LOWEST_OPSET;
  const since = firstLike(versions, pinned);
  const fits = versions.find((version, i) => version.since >= since && endOf(versions, i) > LOWEST_OPSET && takes(version, pinned, node));
  if (fits) return Math.max(fits.since, LOWEST_OPSET);
  throw lowerOpset(node.name, node.op, whyNot(node));
}

/** First opset from which on every version, up to the pinned one, reads operands and attributes the same way. */
function firstLike(versions: readonly OperatorVersion[], pinned: OperatorVersion): number {
  const until = versions.filter(({ since }) => since <= pinned.since);
  const change = until.findLastIndex((version) => !readsAlike(version, pinned));
  return until[change + 1]?.since ?? pinned.since;
}

function readsAlike(version: OperatorVersion, pinned: OperatorVersion): boolean {
  const inputs = version.inputs.every(({ name }, i) => pinned.inputs[i]?.name === name);
  return inputs && [...version.attributes].every(([name, { fallback }]) => sameDefault(pinned.attributes.get(name)?.fallback, fallback));
}

function sameDefault(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Opset at which a version is followed by the next. */
function endOf(versions: readonly OperatorVersion[], index: number): number {
  return versions[index + 1]?.since ?? Number.POSITIVE_INFINITY;
}

function takes(version: OperatorVersion, pinned: OperatorVersion, node: Node): boolean {
  if (version.deprecated) return false;
  const attributes = Object.keys(node.attrs).every((name) => version.attributes.has(name));
  const defaults = [...pinned.attributes].every(([name, { fallback }]) => {
    const here = version.attributes.get(name);
    return node.attrs[name] !== undefined || !here || sameDefault(here.fallback, fallback);
  });
  const inputs = node.inputs.length <= version.inputCount[1] && typesFit(version, version.inputs, node.inputs);
  return (
    attributes && defaults && inputs && node.outputs.length <= version.outputCount[1] && typesFit(version, version.outputs, node.outputs)
  );
}

function typesFit(version: OperatorVersion, parameters: readonly ParameterSchema[], values: Node["outputs"]): boolean {
  return values.every((value, i) => {
    const parameter = parameters[Math.min(i, parameters.length - 1)];
    const allowed = parameter && version.types.get(parameter.type);
    return !value || !parameter || !allowed || allowed.size === 0 || isAllowed(value.type, allowed);
  });
}

function isAllowed({ dtype, foreign }: TensorType, allowed: ReadonlySet<DType>): boolean {
  return dtype === "unknown" || foreign !== undefined || allowed.has(dtype);
}

function whyNot(node: Node): string {
  const types = node.inputs.map((value) => value?.type.dtype ?? "none").join(", ");
  return `attributes ${Object.keys(node.attrs).join(", ") || "none"}, operands of types ${types || "none"}`;
}

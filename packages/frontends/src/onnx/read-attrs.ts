import type { SourceNode } from "./rule.js";

/** An integer attribute, or `fallback` when absent or of another kind. */
export function intOf(node: SourceNode, name: string, fallback: number): number {
  const value = node.attrs[name];
  return typeof value === "number" ? value : fallback;
}

export function floatOf(node: SourceNode, name: string, fallback: number): number {
  const value = node.attrs[name];
  return typeof value === "number" ? value : fallback;
}

export function textAttrOf(node: SourceNode, name: string, fallback: string): string {
  const value = node.attrs[name];
  return typeof value === "string" ? value : fallback;
}

/**
 * A list of integers, undefined when absent. Those beyond the safe range are clamped to it: as bounds of a slice, which exporters
 * write as the largest int64, they mean the same.
 */
export function intsOf(node: SourceNode, name: string): readonly number[] | undefined {
  const attribute = node.proto.attributes.find((candidate) => candidate.name === name);
  if (attribute?.kind !== "ints") return undefined;
  const limit = BigInt(Number.MAX_SAFE_INTEGER);
  return attribute.value.map((value) => Number(value > limit ? limit : value < -limit ? -limit : value));
}

export function floatsOf(node: SourceNode, name: string): readonly number[] | undefined {
  const attribute = node.proto.attributes.find((candidate) => candidate.name === name);
  return attribute?.kind === "floats" ? attribute.value : undefined;
}

/** The attributes without those named. */
export function without(node: SourceNode, ...names: readonly string[]): SourceNode["attrs"] {
  return Object.fromEntries(Object.entries(node.attrs).filter(([name]) => !names.includes(name)));
}

import { memoryTensor, type Value } from "@vlm-export/ir";
import type { Edge, QuantGroup } from "@vlm-export/recipe";
import { activationSpec, type StaticRange } from "../activation-ranges.js";
import { quantizeAs } from "../weights/quantize-as.js";
import { applyConstant, siteOf } from "./apply-weights.js";
import { type Rewrite, valueOf } from "./rewrite.js";

/** Gives every value its type: integers at its definition, or behind a `vlm::Quantize` for some of its readers. */
export function applyActivations(rewrite: Rewrite): void {
  for (const group of rewrite.plan.groups) {
    const range = rewrite.ranges.get(group);
    for (const value of group.values) define(rewrite, valueOf(rewrite, value), group, range);
    for (const { value, edges } of group.splits) split(rewrite, { value, edges }, group, range);
    if (range) for (const { value, edges } of group.constants) constant(rewrite, { value, edges }, group, range);
  }
}

function define({ edit }: Rewrite, value: Value, group: QuantGroup, range: StaticRange | undefined): void {
  edit.retype(value, { ...value.type, quant: activationSpec(group, value.type, range) });
}

function split(
  rewrite: Rewrite,
  { value, edges }: { readonly value: Value; readonly edges: readonly Edge[] },
  group: QuantGroup,
  range: StaticRange | undefined,
): void {
  const sites = edges.flatMap((edge) => siteOf(rewrite, edge));
  if (sites.length === 0) return;
  const integers = insertQuantize(rewrite, valueOf(rewrite, value), group, range);
  for (const { node, index } of sites) rewrite.edit.replaceInput(node, index, integers);
}

/** A new value that is `value` as integers of `group`. */
export function insertQuantize({ edit }: Rewrite, value: Value, group: QuantGroup, range: StaticRange | undefined): Value {
  const { dtype, shape } = value.type;
  const type = { dtype, shape, quant: activationSpec(group, value.type, range) };
  const [integers] = edit.insert(
    "vlm::Quantize",
    [value],
    {},
    {
      name: `${value.name}_quantize`,
      outputs: [edit.freshName(`${value.name}_${group.request.storage}`)],
      types: [type],
      origin: value.producer?.origin ?? [],
      ...(value.producer?.role !== undefined && { role: value.producer.role }),
    },
  );
  return integers as Value;
}

function constant(
  rewrite: Rewrite,
  { value, edges }: { readonly value: Value; readonly edges: readonly Edge[] },
  group: QuantGroup,
  range: StaticRange,
): void {
  const { data, name, type } = value;
  if (!data) return;
  const { storage } = group.request;
  const bytes = quantizeAs({ name, data }, group.request, range.qparams, rewrite.tools.kernels);
  const quant = activationSpec(group, { dtype: type.dtype, shape: data.shape }, range);
  applyConstant(
    rewrite,
    { value, edges },
    { data: memoryTensor(storage, data.shape, bytes), type: { dtype: type.dtype, shape: data.shape, quant } },
  );
}

import type { Node, Value } from "@vlm-export/ir";
import type { Edge, QuantGroup } from "../plan-types.js";
import { CLAMPS, type Demand, type Demands, demandAt, sharesQparams } from "./demands.js";
import { fixedRangeOf } from "./fixed-range.js";
import type { NodeView } from "./node-view.js";
import type { Readers } from "./readers.js";
import { UnionFind } from "./union-find.js";

/** A value in one integer form: at its definition, or on some of its edges. */
interface Slot {
  readonly value: Value;
  readonly demand: Demand;
  readonly atDefinition: boolean;
  readonly edges: Edge[];
}

export interface Grouping {
  readonly groups: readonly QuantGroup[];
  /** Group of a value at its definition. */
  readonly ofValue: ReadonlyMap<Value, QuantGroup>;
  /** Group that an edge reads; undefined = float. */
  ofEdge(value: Value, edge: Edge): QuantGroup | undefined;
}

/** Puts values that must share qparams into one group each. */
export function groupValues(views: ReadonlyMap<Node, NodeView>, values: readonly Value[], demands: Demands, readers: Readers): Grouping {
  const slots = new Slots(values, demands, readers);
  const sets = new UnionFind<Slot>();
  for (const slot of slots.all) sets.add(slot);
  const unobserved = new Set<Slot>();
  for (const view of views.values()) {
    if (sharesQparams(view)) joinThrough(view, slots, sets, unobserved);
    else if (CLAMPS.has(view.node.op)) joinClamp(view, slots, { sets, unobserved, readers });
  }
  const groups: QuantGroup[] = [];
  const ofSlot = new Map<Slot, QuantGroup>();
  for (const members of sets.classes()) {
    const group = groupOf(groups.length, members, { views, unobserved });
    groups.push(group);
    for (const slot of members) ofSlot.set(slot, group);
  }
  const ofValue = new Map<Value, QuantGroup>();
  for (const slot of slots.all) if (slot.atDefinition) ofValue.set(slot.value, ofSlot.get(slot) as QuantGroup);
  return {
    groups,
    ofValue,
    ofEdge: (value, edge) => {
      const slot = slots.read(value, edge);
      return slot && ofSlot.get(slot);
    },
  };
}

/** All integer forms of all values. */
class Slots {
  readonly all: Slot[] = [];
  private readonly definitions = new Map<Value, Slot>();
  private readonly splits = new Map<Value, Map<string, Slot>>();
  private readonly demands: Demands;

  constructor(values: readonly Value[], demands: Demands, readers: Readers) {
    this.demands = demands;
    for (const value of values) {
      const definition = demands.definitions.get(value);
      if (definition) this.definitions.set(value, this.add({ value, demand: definition, atDefinition: true, edges: [] }));
      for (const edge of readers.of(value)) {
        const demand = demandAt(edge, demands.edges);
        if (demand && demand.key !== definition?.key) this.split(value, demand).edges.push(edge);
      }
    }
  }

  definition(value: Value): Slot | undefined {
    return this.definitions.get(value);
  }

  /** The form that an edge reads: its own, or that of the definition. */
  read(value: Value, edge: Edge): Slot | undefined {
    const demand = demandAt(edge, this.demands.edges);
    return (demand && this.splits.get(value)?.get(demand.key)) ?? this.definitions.get(value);
  }

  private split(value: Value, demand: Demand): Slot {
    let byKey = this.splits.get(value);
    if (!byKey) this.splits.set(value, (byKey = new Map()));
    let slot = byKey.get(demand.key);
    if (!slot) byKey.set(demand.key, (slot = this.add({ value, demand, atDefinition: false, edges: [] })));
    return slot;
  }

  private add(slot: Slot): Slot {
    this.all.push(slot);
    return slot;
  }
}

/**
 * The output of a passthrough op has the qparams of its inputs, and its statistics are theirs: when all inputs are integers of
 * the same kind, and constants beside them are decided too.
 */
function joinThrough({ node, operands, decisions }: NodeView, slots: Slots, sets: UnionFind<Slot>, unobserved: Set<Slot>): void {
  const activations = operands.filter(({ kind }) => kind === "activation");
  if (activations.length < operands.length && !decisions.activations) return;
  const inputs = activations.map(({ index, value }) => slots.read(value, { node, index }));
  for (const value of node.outputs) {
    const output = value ? slots.definition(value) : undefined;
    if (!output || inputs.length === 0 || !inputs.every((input) => input?.demand.key === output.demand.key)) continue;
    for (const input of inputs) sets.join(input as Slot, output);
    unobserved.add(output);
  }
}

function joinClamp(
  { node }: NodeView,
  slots: Slots,
  { sets, unobserved, readers }: { readonly sets: UnionFind<Slot>; readonly unobserved: Set<Slot>; readonly readers: Readers },
): void {
  const [value, output] = [node.inputs[0], node.outputs[0]];
  const [before, after] = [value && slots.definition(value), output && slots.definition(output)];
  if (!value?.producer || !before || !after || before.demand.key !== after.demand.key || readers.of(value).length !== 1) return;
  sets.join(before, after);
  unobserved.add(before);
}

function groupOf(
  id: number,
  members: readonly Slot[],
  { views, unobserved }: { readonly views: ReadonlyMap<Node, NodeView>; readonly unobserved: ReadonlySet<Slot> },
): QuantGroup {
  const { request, rule } = (members[0] as Slot).demand;
  const constants = constantsOf(members, views);
  const observed = [...new Set(members.filter((slot) => !unobserved.has(slot)).map(({ value }) => value))];
  const wantsFixed = members.some(({ demand }) => demand.fixedRanges) && constants.length === 0;
  const fixedRange = wantsFixed ? fixedRangeOf(observed, views, request) : undefined;
  return {
    id,
    request,
    decidedBy: rule.decidedBy,
    values: members.filter(({ atDefinition }) => atDefinition).map(({ value }) => value),
    splits: members.filter(({ atDefinition }) => !atDefinition).map(({ value, edges }) => ({ value, edges })),
    constants,
    observe: request.mode === "dynamic" || fixedRange ? [] : observed,
    ...(fixedRange && { fixedRange }),
  };
}

/** Constant operands of decided passthrough ops whose output is in the group. */
function constantsOf(members: readonly Slot[], views: ReadonlyMap<Node, NodeView>): QuantGroup["constants"] {
  const constants = new Map<Value, Edge[]>();
  for (const { value, atDefinition } of members) {
    const view = atDefinition && value.producer ? views.get(value.producer) : undefined;
    if (!view?.decisions.activations || !sharesQparams(view) || view.node.outputs[0] !== value) continue;
    for (const operand of view.operands) {
      if (operand.kind !== "constant") continue;
      const edge = { node: view.node, index: operand.index };
      constants.set(operand.value, [...(constants.get(operand.value) ?? []), edge]);
    }
  }
  return [...constants].map(([value, edges]) => ({ value, edges }));
}

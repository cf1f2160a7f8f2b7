import { isFloat } from "@vlm-export/ir";
import { sharesQparams } from "./demands.js";
import type { NodeView } from "./node-view.js";

/**
 * True when it makes a difference to keep the node: it has float constants, or the rules before (`decisions` of the view) would make its
 * inputs integers. An operator that only moves the elements of its one input has nothing to lose.
 */
export function canBeKept(view: NodeView): boolean {
  const { node, operands, decisions } = view;
  if (node.inputs.some((value) => value?.data && isFloat(value.type.dtype))) return true;
  const onlyMoves = sharesQparams(view) && operands.length === 1;
  return decisions.activations !== undefined && operands.length > 0 && !onlyMoves;
}

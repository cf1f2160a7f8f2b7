import type { Node } from "@vlm-export/ir";
import type { NetworkSite } from "./network-roles.js";
import type { Roles } from "./roles.js";
import { isConvolution, isNorm, isProjection } from "./trace.js";

/** `vision.conv.7` for every convolution behind the first, numbered in the order of the graph. */
export function convolutionNames({ graph, streams, modality }: NetworkSite): ReadonlyMap<Node, string> {
  const rest = graph.nodes.filter(isConvolution).slice(1);
  return new Map(rest.map((node, i) => [node, `${modality(streams.at(node))}.conv.${i + 1}`]));
}

/** Gives convolutions among some nodes their names, and to what follows each, up to the next layer or norm. */
export function assignConvolutions(nodes: readonly Node[], names: ReadonlyMap<Node, string>, roles: Roles): void {
  let current: string | undefined;
  for (const node of nodes) {
    if (isConvolution(node)) {
      roles.assign(node, names.get(node) ?? "");
      current = roles.all.get(node);
    } else if (isProjection(node) || isNorm(node)) current = undefined;
    else if (current) roles.assign(node, current);
  }
}

import type { Graph, Node } from "@vlm-export/ir";
import type { Modality } from "./modality.js";
import type { Roles } from "./roles.js";
import { isActivation, isLookup, isProjection } from "./trace.js";

/** The first convolution: patches when its stride is its kernel, else a stem. The tables that ids are looked up in. */
export function assignStem(graph: Graph, modality: Modality, roles: Roles): void {
  const conv = graph.nodes.find(({ op }) => op === "Conv");
  roles.assignLayer(conv, `${modality}.${conv && isPatching(conv) ? "patch_embed" : "stem"}`);
  if (modality === "language") roles.assignRest(graph.nodes.filter(isLookup), "language.embed");
}

function isPatching(conv: Node): boolean {
  const kernel = conv.inputs[1]?.type.shape?.slice(2);
  const { strides } = conv.attrs;
  const isSame = Array.isArray(strides) && strides.length === kernel?.length && strides.every((stride, i) => stride === kernel[i]);
  return isSame && kernel !== undefined && kernel.some((extent) => extent !== 1);
}

/** Convolutions behind the first, numbered. */
export function assignConvolutions(graph: Graph, modality: Modality, roles: Roles): void {
  const rest = graph.nodes.filter((node) => isConvolution(node)).slice(1);
  rest.forEach((node, i) => roles.assign(node, `${modality}.conv.${i + 1}`));
}

/** A network without attention: every node belongs to the convolution above it; projections behind the last one are the head. */
export function assignNetwork(graph: Graph, modality: Modality, roles: Roles): void {
  assignConvolutions(graph, modality, roles);
  const last = graph.nodes.findLastIndex(isConvolution);
  assignLayers(graph.nodes.slice(last + 1), { roles, prefix: headOf(graph, last >= 0), fallback: `${modality}.embed` });
  let current = `${modality}.embed`;
  for (const node of graph.nodes.slice(0, last + 1)) {
    if (isConvolution(node)) current = roles.all.get(node) ?? current;
    roles.assign(node, current);
  }
}

/** What projections without convolutions before them are: named by the component, behind a lookup part of the embedding. */
function headOf(graph: Graph, hasConvolutions: boolean): string {
  if (hasConvolutions) return "head";
  if (/project|connector|merger/i.test(graph.name)) return "projector";
  if (/lm_?head/i.test(graph.name)) return "language.lm_head";
  return graph.nodes.some(isLookup) ? "language.embed" : "head";
}

function assignLayers(
  nodes: readonly Node[],
  { roles, prefix, fallback }: { readonly roles: Roles; readonly prefix: string; readonly fallback: string },
): void {
  const projections = nodes.filter(isProjection);
  const isNumbered = projections.length > 1 || prefix === "projector";
  projections.forEach((node, i) => roles.assignLayer(node, isNumbered ? `${prefix}.fc${i + 1}` : prefix));
  if (isNumbered) roles.assignRest(nodes.filter(isActivation), `${prefix}.act`);
  roles.assignRest(nodes, prefix === "head" && projections.length === 0 && nodes.every(({ op }) => op === "Gather") ? fallback : prefix);
}

function isConvolution({ op }: Node): boolean {
  return op === "Conv" || op === "ConvTranspose";
}

import type { Graph, Node } from "@vlm-export/ir";
import { convolutionNames } from "./convolutions.js";
import { assignPerceptron, isClosed, perceptronsOf } from "./mlp-roles.js";
import type { ModalityOf } from "./modality.js";
import type { Roles } from "./roles.js";
import type { Streams } from "./streams.js";
import { findAbove, isActivation, isConvolution, isLookup, isNorm, isProjection } from "./trace.js";

/** A graph with what its parts work on. */
export interface NetworkSite {
  readonly graph: Graph;
  readonly roles: Roles;
  readonly streams: Streams;
  readonly modality: ModalityOf;
  /** Nodes that see the whole input. */
  readonly pooled: ReadonlySet<Node>;
}

/** The first convolution of every input: patches when its stride is its kernel, else a stem. The tables that ids are looked up in. */
export function assignStems({ graph, roles, streams, modality }: NetworkSite): void {
  const known = new Set<unknown>();
  for (const node of graph.nodes) {
    const inputs = streams.at(node);
    if (isConvolution(node) && [...inputs].some((input) => !known.has(input))) {
      for (const input of inputs) known.add(input);
      roles.assignLayer(node, `${modality(inputs)}.${isPatching(node) ? "patch_embed" : "stem"}`);
    }
    if (isLookup(node) && inputs.size > 0) roles.assign(node, "language.embed");
  }
}

function isPatching(conv: Node): boolean {
  const kernel = conv.inputs[1]?.type.shape?.slice(2);
  const { strides } = conv.attrs;
  const isSame = Array.isArray(strides) && strides.length === kernel?.length && strides.every((stride, i) => stride === kernel[i]);
  return isSame && kernel !== undefined && kernel.some((extent) => extent !== 1);
}

/**
 * A network without attention: what sees the whole input is the head; perceptrons whose results are added to what they read are blocks, with
 * the norm before them; every other node belongs to the convolution or the block above it.
 */
export function assignNetwork(site: NetworkSite): void {
  const { graph, roles, pooled } = site;
  const hasConvolutions = graph.nodes.some(isConvolution);
  const embed = `${site.modality(new Set())}.embed`;
  const isHead = (node: Node): boolean => !hasConvolutions || pooled.has(node);
  assignLayers(graph.nodes.filter(isHead), { roles, prefix: headOf(site, hasConvolutions), fallback: embed });
  assignBody(
    graph.nodes.filter((node) => !isHead(node)),
    embed,
    site,
  );
}

function assignBody(nodes: readonly Node[], embed: string, site: NetworkSite): void {
  const { graph, roles } = site;
  const names = convolutionNames(site);
  const blocks = perceptronsOf(graph, nodes).filter((perceptron) => isRows(perceptron[0]?.[0]) && isClosed(graph, perceptron));
  const starts = new Map<Node, string>();
  blocks.forEach((perceptron, i) => {
    const first = perceptron[0]?.[0] as Node;
    const norm = findAbove(first.inputs[0], isNorm, { limit: 4 });
    const prefix = `${site.modality(site.streams.at(first))}.block.${i}`;
    assignPerceptron(roles, perceptron, nodes, `${prefix}.mlp`);
    roles.assign(norm, `${prefix}.norm1`);
    starts.set(norm ?? first, `${prefix}.mlp`).set(first, `${prefix}.mlp`);
  });
  const last = nodes.findLastIndex((node) => isConvolution(node) || starts.has(node));
  roles.assign(nodes.slice(last + 1).find(isNorm), `${site.modality(new Set())}.norm`);
  let current = embed;
  for (const node of nodes) {
    if (names.has(node)) roles.assign(node, names.get(node) as string);
    current = starts.get(node) ?? (isConvolution(node) ? roles.all.get(node) : undefined) ?? current;
    roles.assign(node, current);
  }
}

/** A projection of many rows, not of a pooled one. */
function isRows(projection: Node | undefined): boolean {
  return (projection?.inputs[0]?.type.shape?.length ?? 3) > 2;
}

/** What projections without convolutions before them are: named by the component, behind a lookup part of the embedding. */
function headOf({ graph, streams }: NetworkSite, hasConvolutions: boolean): string {
  if (hasConvolutions) return "head";
  if (/project|connector|merger/i.test(graph.name)) return "projector";
  if (/lm_?head/i.test(graph.name)) return "language.lm_head";
  return [...streams.kinds.values()].includes("ids") ? "language.embed" : "head";
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

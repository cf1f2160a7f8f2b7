import type { Graph, Node, Pass } from "@vlm-export/ir";
import { assignAttention, assignMlp, assignNorms, type Assign, isNorm } from "./assign-blocks.js";
import { attentionCores, type AttentionCore } from "./attention-cores.js";
import { modalityOf } from "./modality.js";
import { isProjection } from "./trace.js";

/**
 * Gives every node and every weight a role path from the graph's structure: `vision.patch_embed`, `vision.block.3.attn.qkv`,
 * `vision.block.3.mlp.fc1`, `vision.block.3.norm1`, `vision.norm`, `projector.fc1`, `language.embed`, `language.lm_head`, `head`, and for
 * convolutional networks `vision.stem`, `vision.conv.7`. Names play no part but for the component's own.
 */
export const tagRoles: Pass = {
  name: "normalize/tag-roles",

  run(edit) {
    const { graph } = edit;
    const roles = new Map<Node, string>();
    const assign: Assign = (node, role) => {
      if (node && !roles.has(node)) roles.set(node, role);
    };
    const modality = modalityOf(graph);
    const cores = attentionCores(graph);
    assignStem(graph, modality, assign);
    if (cores.length > 0) assignTransformer(graph, { modality, cores, assign });
    else assignNetwork(graph, modality, assign);
    for (const [node, role] of roles) edit.setRole(node, role);
    for (const constant of graph.constants) {
      const reader = graph.users(constant)[0];
      const role = reader && roles.get(reader);
      if (reader && role)
        edit.setRole(constant, `${role}.${reader.inputs.indexOf(constant) === 2 || reader.op === "Add" ? "bias" : "weight"}`);
    }
    return { modified: false };
  },
};

interface Transformer {
  readonly modality: string;
  readonly cores: readonly AttentionCore[];
  readonly assign: Assign;
}

/** The first convolution: patches when its stride is its kernel, else a stem; the table that ids are looked up in. */
function assignStem(graph: Graph, modality: string, assign: Assign): void {
  const conv = graph.nodes.find((node) => node.op === "Conv");
  if (conv) assign(conv, `${modality}.${isPatching(conv) ? "patch_embed" : "stem"}`);
  const lookup = graph.nodes.find(
    (node) => node.op === "Gather" && node.inputs[0]?.data && node.inputs[0].type.dtype !== "i64" && !node.inputs[1]?.data,
  );
  if (modality === "language") assign(lookup, "language.embed");
}

function isPatching(conv: Node): boolean {
  const kernel = conv.inputs[1]?.type.shape?.slice(2);
  const { strides } = conv.attrs;
  return (
    Array.isArray(strides) &&
    kernel !== undefined &&
    strides.length === kernel.length &&
    strides.every((stride, i) => stride === kernel[i] && stride > 1)
  );
}

/** Blocks run from the first node of one attention to the first of the next; cross attentions and pooling heads after the last perceptron are heads. */
function assignTransformer(graph: Graph, { modality, cores, assign }: Transformer): void {
  const order = new Map(graph.nodes.map((node, i) => [node, i]));
  const at = (node: Node | undefined): number => (node ? (order.get(node) ?? 0) : 0);
  const blocks = cores.filter((core) => core.q && core.q.inputs[0] === core.k?.inputs[0]);
  const ends = blocks.map((core) => at(core.out ?? core.context));
  const begins = blocks.map((core) => Math.min(...[core.q, core.k, core.v].filter(Boolean).map(at)));
  blocks.forEach((core, i) => {
    const prefix = `${modality}.block.${i}`;
    assignAttention(core, prefix, assign);
    const from = (ends[i] ?? 0) + 1;
    const between = graph.nodes.slice(from, begins[i + 1] ?? lastPerceptronEnd(graph.nodes, from));
    assignMlp(graph, between, prefix, assign);
    const normBefore = lastNormBefore(graph.nodes, begins[i] ?? 0);
    const nextNorm = i + 1 < blocks.length ? lastNormBefore(graph.nodes, begins[i + 1] ?? 0) : undefined;
    assignNorms(
      [normBefore, ...between.filter((node) => node !== nextNorm)].filter((node) => node !== undefined && isNorm(node)) as readonly Node[],
      prefix,
      assign,
    );
    fill(graph.nodes.slice(begins[i], from), `${prefix}.attn`, assign);
    fill(
      between.filter((node) => node !== nextNorm),
      `${prefix}.mlp`,
      assign,
    );
  });
  assignTail(graph, { modality, from: lastPerceptronEnd(graph.nodes, (ends.at(-1) ?? 0) + 1), assign });
  fill(graph.nodes, `${modality}.embed`, assign);
}

function fill(nodes: readonly Node[], role: string, assign: Assign): void {
  for (const node of nodes) assign(node, role);
}

function lastNormBefore(nodes: readonly Node[], index: number): Node | undefined {
  return nodes.slice(0, index).findLast(isNorm);
}

/** Index after the residual sum that follows the second (gated: third) projection behind `from`. */
function lastPerceptronEnd(nodes: readonly Node[], from: number): number {
  const rest = nodes.slice(from);
  const projections = rest.filter(isProjection);
  const isGated = projections.length > 2 && projections[0]?.inputs[0] === projections[1]?.inputs[0];
  const last = projections[isGated ? 2 : 1] ?? projections[0];
  if (!last) return from;
  let end = rest.indexOf(last) + 1;
  while (rest[end]?.op === "Add" || rest[end]?.op === "Mul") end += 1;
  return from + end;
}

/** After the last block: the final norm, then a projector (its result keeps one row per token) or a head. */
function assignTail(
  graph: Graph,
  { modality, from, assign }: { readonly modality: string; readonly from: number; readonly assign: Assign },
): void {
  const tail = graph.nodes.slice(from);
  const firstProjection = tail.findIndex(isProjection);
  const norm = tail.slice(0, firstProjection < 0 ? undefined : firstProjection).find(isNorm);
  assign(norm, `${modality}.norm`);
  if (modality === "language") {
    assign(tail.findLast(isProjection), "language.lm_head");
    return fill(tail, "language.norm", assign);
  }
  const isProjector = tail.filter(isProjection).length > 0 && graph.outputs[0]?.type.shape?.length === 3;
  if (isProjector) tail.filter(isProjection).forEach((node, i) => assign(node, `projector.fc${i + 1}`));
  fill(tail, isProjector ? "projector" : "head", assign);
}

/** No attention: a convolutional network. Projections after the last convolution are the head. */
function assignNetwork(graph: Graph, modality: string, assign: Assign): void {
  const lastConv = graph.nodes.findLastIndex((node) => node.op === "Conv" || node.op === "ConvTranspose");
  let layer = 0;
  graph.nodes.forEach((node, i) => {
    if (node.op === "Conv" || node.op === "ConvTranspose") layer += 1;
    assign(
      node,
      i > lastConv && lastConv >= 0
        ? "head"
        : layer === 0
          ? `${modality}.embed`
          : layer === 1
            ? `${modality}.stem`
            : `${modality}.conv.${layer - 1}`,
    );
  });
}

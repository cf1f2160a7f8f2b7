import type { Graph, Node } from "@vlm-export/ir";
import type { AttentionCore } from "./attention-cores.js";
import { isProjection } from "./trace.js";

/** Gives a node its role once; the first one stays. */
export type Assign = (node: Node | undefined, role: string) => void;

const NORMS = new Set(["LayerNormalization", "RMSNormalization", "SimplifiedLayerNormalization"]);
const ACTIVATIONS = new Set(["Gelu", "vlm::QuickGelu", "Relu", "Swish", "Sigmoid", "HardSwish", "Tanh", "Erf", "Mish"]);

/** Roles below `prefix` (`vision.block.3`) for the attention of one block. */
export function assignAttention(core: AttentionCore, prefix: string, assign: Assign): void {
  const projections =
    core.q && core.q === core.k && core.q === core.v
      ? ([[core.q, "qkv"]] as const)
      : ([
          [core.q, "q"],
          [core.k, "k"],
          [core.v, "v"],
        ] as const);
  for (const [node, name] of projections) assign(node, `${prefix}.attn.${name}`);
  assign(core.scores, `${prefix}.attn.scores`);
  assign(core.softmax, `${prefix}.attn.softmax`);
  assign(core.context, `${prefix}.attn.context`);
  assign(core.out, `${prefix}.attn.out`);
}

/** Roles for the multilayer perceptron between one attention and the next: fc1, fc2, or gate, up, down when two projections of one input are multiplied. */
export function assignMlp(graph: Graph, between: readonly Node[], prefix: string, assign: Assign): void {
  const projections = between.filter(isProjection);
  const [first, second, third] = projections;
  const isGated = first && second && third && first.inputs[0] === second.inputs[0];
  if (isGated) {
    const gate = feedsActivation(graph, first) ? first : second;
    assign(gate, `${prefix}.mlp.gate`);
    assign(gate === first ? second : first, `${prefix}.mlp.up`);
    assign(third, `${prefix}.mlp.down`);
    return;
  }
  assign(first, `${prefix}.mlp.fc1`);
  assign(second, `${prefix}.mlp.fc2`);
  for (const node of between) if (ACTIVATIONS.has(node.op)) assign(node, `${prefix}.mlp.act`);
}

/** Norms of one block in order: before attention norm1, before the perceptron norm2. */
export function assignNorms(nodes: readonly Node[], prefix: string, assign: Assign): void {
  nodes.filter((node) => NORMS.has(node.op)).forEach((node, i) => assign(node, `${prefix}.norm${i + 1}`));
}

/** True for the normalization ops. */
export function isNorm(node: Node): boolean {
  return NORMS.has(node.op);
}

function feedsActivation(graph: Graph, node: Node): boolean {
  const [output] = node.outputs;
  return output ? graph.users(output).some((user) => ACTIVATIONS.has(user.op)) : false;
}

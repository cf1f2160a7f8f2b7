import type { Pass } from "@vlm-export/ir";
import { attentionCores } from "./attention-cores.js";
import { assignTransformer } from "./block-roles.js";
import { modalityOf } from "./modality.js";
import { assignConvolutions, assignNetwork, assignStem } from "./network-roles.js";
import { emptyRoles } from "./roles.js";
import { tagWeights } from "./weight-roles.js";

/**
 * Gives every node and every weight a role path from the graph's structure: `vision.patch_embed`, `vision.block.3.attn.qkv`,
 * `vision.block.3.mlp.fc1`, `vision.block.3.norm1`, `vision.norm`, `projector.fc1`, `language.embed`, `language.block.0.mlp.gate`,
 * `language.lm_head`, `head`, and for convolutional networks `vision.stem`, `vision.conv.7`. Names play no part but for the component's own.
 */
export const tagRoles: Pass = {
  name: "normalize/tag-roles",

  run(edit) {
    const { graph } = edit;
    const roles = emptyRoles(graph);
    const modality = modalityOf(graph);
    const cores = attentionCores(graph);
    assignStem(graph, modality, roles);
    if (cores.length > 0) {
      assignTransformer(graph, cores, { modality, roles });
      assignConvolutions(graph, modality, roles);
      roles.assignRest(graph.nodes, `${modality}.embed`);
    } else assignNetwork(graph, modality, roles);
    for (const [node, role] of roles.all) edit.setRole(node, role);
    tagWeights(edit, roles);
    return { modified: false };
  },
};

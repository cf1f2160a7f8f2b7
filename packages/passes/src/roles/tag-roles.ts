import type { Pass } from "@vlm-export/ir";
import { attentionCores } from "./attention-cores.js";
import { assignTowers } from "./block-roles.js";
import { convolutionNames } from "./convolutions.js";
import { modalityOf } from "./modality.js";
import { assignNetwork, assignStems, type NetworkSite } from "./network-roles.js";
import { placesOf } from "./places.js";
import { pooledNodes } from "./pooled.js";
import { emptyRoles } from "./roles.js";
import { streamsOf } from "./streams.js";
import { towersOf } from "./towers.js";
import { tagWeights } from "./weight-roles.js";

/**
 * Gives every node and every weight a role path from the graph's structure: `vision.patch_embed`, `vision.block.3.attn.qkv`,
 * `vision.block.3.mlp.fc1`, `vision.block.3.norm1`, `vision.norm`, `projector.fc1`, `language.embed`, `language.block.0.mlp.gate`,
 * `language.lm_head`, `head`, and for convolutional networks `vision.stem`, `vision.conv.7`.
 *
 * Which inputs reach a node tells what it works on; attentions whose queries follow one another make towers, each with blocks, and every
 * other node stands inside, before or behind one. Names of inputs and of the component only decide what structure leaves open.
 */
export const tagRoles: Pass = {
  name: "normalize/tag-roles",

  run(edit) {
    const { graph } = edit;
    const roles = emptyRoles(graph);
    const streams = streamsOf(graph);
    const modality = modalityOf(graph, streams);
    const cores = attentionCores(graph, streams);
    const contexts = new Set(cores.map(({ context }) => context));
    const pooled = pooledNodes(graph, streams, (node) => contexts.has(node));
    const site: NetworkSite = { graph, roles, streams, modality, pooled };
    assignStems(site);
    if (cores.length > 0) {
      const { towers, joined } = placesOf(graph, towersOf(graph, cores, site), streams);
      const convolutions = convolutionNames(site);
      assignTowers(towers, { ...site, convolutions });
      for (const [node, name] of convolutions) roles.assign(node, name);
      roles.assignRest(joined, "head");
      for (const node of graph.nodes) roles.assign(node, `${modality(streams.at(node))}.embed`);
    } else assignNetwork(site);
    for (const [node, role] of roles.all) edit.setRole(node, role);
    tagWeights(edit, roles);
    return { modified: false };
  },
};

import { createHash } from "node:crypto";
import type { Model } from "./graph.js";
import { printGraph } from "./print.js";

/**
 * SHA-256 (hex) over the text form of every component, constants by content hash. Equal models (names, types, integers,
 * scales, attributes) have equal hashes on every machine.
 */
export function modelHash(model: Model): string {
  const hash = createHash("sha256");
  for (const [name, graph] of model.components)
    hash.update(`component ${JSON.stringify(name)}\n${printGraph(graph, { inlineLimitBytes: 64 })}`);
  hash.update(JSON.stringify(model.links));
  return hash.digest("hex");
}

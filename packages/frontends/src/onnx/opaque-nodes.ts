import { importOpaque } from "../errors.js";
import type { ImportContext } from "./import-context.js";

interface Kept {
  readonly op: string;
  readonly reason: string;
  readonly nodes: string[];
}

/** Nodes that stay as they are although a rule knows their operator, by operator and reason. */
export class OpaqueNodes {
  private readonly kept = new Map<string, Kept>();

  add(node: string, op: string, reason: string): void {
    const key = `${op}: ${reason}`;
    const entry = this.kept.get(key) ?? { op, reason, nodes: [] };
    entry.nodes.push(node);
    this.kept.set(key, entry);
  }

  /** One warning for each operator and reason: what lies in such nodes is not quantized. */
  report(context: ImportContext): void {
    for (const { op, reason, nodes } of this.kept.values()) {
      context.report(importOpaque(context.file, op, reason, nodes));
    }
  }
}

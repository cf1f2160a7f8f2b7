import { quoted } from "../errors.js";
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
      const shown = nodes.slice(0, 3).map(quoted).join(", ");
      const subject = nodes.length === 1 ? `node ${shown} stays` : `${nodes.length} nodes (${shown}${nodes.length > 3 ? ", …" : ""}) stay`;
      context.report({
        code: "VX-IMPORT-OPAQUE",
        severity: "warning",
        message: `${op}: ${subject} one operator: ${reason}. What it computes stays float, and only ONNX targets can hold it.`,
        hint: "Write the model without this fusion (switch it off in the tool that optimized the model), so that its parts are seen.",
        where: { stage: "import", file: context.file, node: nodes[0] as string },
      });
    }
  }
}

import type { Diagnostic } from "@vlm-export/ir";
import { recipeAliasWord } from "./errors.js";
import type { YamlDocument } from "./yaml/document.js";

/** The recipe's word by another spelling that is accepted in its place. */
export const ALIASES: ReadonlyMap<string, string> = new Map([["groupSize", "blockSize"]]);

/** Renames `groupSize` to `blockSize` in place, with a warning each; not where both are stated, which the schema then refuses. */
export function renameAliases({ data, positions }: YamlDocument): readonly Diagnostic[] {
  const warnings: Diagnostic[] = [];
  listIn(data, "rules").forEach((rule, i) => {
    const weights = mappingIn(rule, "weights");
    if (!weights || !("groupSize" in weights) || "blockSize" in weights) return;
    const [from, to] = [
      ["rules", i, "weights", "groupSize"],
      ["rules", i, "weights", "blockSize"],
    ] as const;
    warnings.push(recipeAliasWord(positions.ofKey(from), "groupSize", "blockSize"));
    positions.set(to, positions.of(from), positions.ofKey(from));
    weights["blockSize"] = weights["groupSize"];
    delete weights["groupSize"];
  });
  return warnings;
}

function mappingIn(data: unknown, key: string): Record<string, unknown> | undefined {
  const value = typeof data === "object" && data !== null ? (data as Record<string, unknown>)[key] : undefined;
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
}

function listIn(data: unknown, key: string): readonly unknown[] {
  const value = typeof data === "object" && data !== null ? (data as Record<string, unknown>)[key] : undefined;
  return Array.isArray(value) ? value : [];
}

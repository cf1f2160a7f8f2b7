import type { Graph } from "@vlm-export/ir";
import { expect } from "vitest";
import { rewrite } from "./rewrite.fixture.js";
import { tagRoles } from "./roles/tag-roles.js";

/** Roles of the nodes that read a constant of real numbers or multiply two activations, in order, without repetition. */
export function rolesOf(graph: Graph): string[] {
  const { nodes } = rewrite(graph, tagRoles);
  expect(nodes.filter(({ role }) => role === undefined)).toEqual([]);
  const told = nodes.filter(
    ({ op, inputs }) =>
      op === "MatMul" || op === "Softmax" || inputs.some((value) => value?.data?.dtype === "f32" && value.data.shape.length > 0),
  );
  return [...new Set(told.map(({ role }) => role as string))];
}

/** Paths below a prefix. */
export const below = (prefix: string, ...names: readonly string[]): string[] => names.map((name) => `${prefix}.${name}`);
/** Names in the pre-norm blocks that the fixtures build. */
export const ATTN: readonly string[] = ["q", "k", "v", "scores", "softmax", "context", "out"].map((name) => `attn.${name}`);
export const MLP: readonly string[] = ["mlp.fc1", "mlp.fc2"];
export const BLOCK: readonly string[] = ["norm1", ...ATTN, "norm2", ...MLP];

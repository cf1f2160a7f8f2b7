import { type Graph, GraphEditor, isFloat, nestedGraphs, type Value } from "@vlm-export/ir";
import { standardOps } from "@vlm-export/ops";
import { expect, test } from "vitest";
import { builder } from "../graphs.fixture.js";
import { rewrite } from "../rewrite.fixture.js";
import { blocks, embeddings, HIDDEN } from "../transformers.fixture.js";
import { tagNestedRoles } from "./tag-nested-roles.js";
import { tagRoles } from "./tag-roles.js";

const ops = standardOps();

function decoder(): Graph {
  const b = builder();
  return b.finish(b.linear(blocks(b, embeddings(b), 2), HIDDEN, 96));
}

/** The graph as the body of an If that takes its inputs and every second constant from outside, as types without shapes. */
function inBranch(graph: Graph): Graph {
  const [main, body] = ["g", "body"].map((name) => new GraphEditor(ops, name)) as [GraphEditor, GraphEditor];
  const twins = new Map<Value, Value>();
  const captures = new Map<string, Value>();
  const capture = (value: Value, outside: Value): void => {
    captures.set(value.name, outside);
    twins.set(value, body.addCapture(value.name, { dtype: value.type.dtype, shape: undefined }));
  };
  for (const input of graph.inputs) capture(input, main.addInput(input.name, input.type));
  graph.constants.forEach((constant, i) => {
    const { name, data } = constant;
    if (i % 2 === 0) capture(constant, main.addConstant(name, data!));
    else twins.set(constant, body.addConstant(name, data!));
  });
  for (const { op, name, inputs, attrs, outputs } of graph.nodes) {
    const made = body.insert(
      op,
      inputs.map((value) => value && twins.get(value)!),
      attrs,
      { name, outputs: outputs.map((value) => value!.name) },
    );
    outputs.forEach((value, i) => twins.set(value!, made[i]!));
  }
  for (const output of graph.outputs) body.addOutput(twins.get(output)!);
  const branch = { kind: "graph", graph: body.graph } as const;
  const condition = main.addInput("use_cache_branch", { dtype: "bool", shape: [] });
  main.addOutput(main.insert("If", [condition], { then_branch: branch }, { captures, outputs: ["logits"] })[0]!);
  return main.graph;
}

test("nodes and weights of a branch, own and captured ones, have the roles that they have in a graph of their own", () => {
  const flat = rewrite(decoder(), tagRoles);
  const nested = rewrite(rewrite(inBranch(decoder()), tagRoles), tagNestedRoles);
  const [body] = nested.nodes.flatMap(nestedGraphs);
  expect(body?.nodes.map(({ role }) => role)).toEqual(flat.nodes.map(({ role }) => role));
  const found = new Map([...nested.constants, ...(body?.constants ?? [])].map(({ name, role }) => [name, role]));
  const weights = flat.constants.filter(({ type }) => isFloat(type.dtype));
  expect(weights.map(({ name }) => found.get(name))).toEqual(weights.map(({ role }) => role));
  expect(weights.filter(({ role }) => role?.startsWith("language.block.1.attn")).length).toBeGreaterThan(3);
});

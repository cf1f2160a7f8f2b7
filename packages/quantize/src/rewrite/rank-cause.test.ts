import { GraphEditor, type Value } from "@vlm-export/ir";
import { standardOps } from "@vlm-export/ops";
import { expect, test } from "vitest";
import { rankCause } from "./rank-cause.js";

const edit = (): GraphEditor => new GraphEditor(standardOps(), "g");
const insert = (to: GraphEditor, op: string, name: string, ...inputs: readonly Value[]): Value =>
  to.insert(op, inputs, {}, { name, outputs: [`${name}_out`] })[0] as Value;

test("the operator without a shape rule is named, however far above it lies", () => {
  const g = edit();
  const x = g.addInput("x", { dtype: "f32", shape: [2, 4] });
  const y = insert(g, "Add", "sum", insert(g, "Relu", "act", insert(g, "my.ops::Mix", "mix", x)), x);
  expect(rankCause(y)).toBe('the rank of "sum_out" is not known: there is no shape rule for my.ops::Mix (node "mix")');
});

test("an input of unknown rank is named", () => {
  const g = edit();
  const x = g.addInput("x", { dtype: "f32", shape: undefined });
  expect(rankCause(x)).toBe('the rank of input "x" is not known');
  expect(rankCause(insert(g, "Relu", "act", x))).toBe('the rank of input "x", from which it derives, is not known');
});

import { type Attrs, type Graph, GraphEditor, isSubgraph, type SubgraphAttr, type TensorType, type Value } from "@vlm-export/ir";
import { intOf, intsOf } from "../read-attrs.js";
import type { NodeBuilder, NodeRule, SourceNode } from "../rule.js";

/**
 * Scan of opset 8 runs over a batch of sequences. Without lengths of its own for each sequence that is a Scan over the batch whose
 * body is the Scan over one sequence.
 */
export const scan: NodeRule = {
  op: "Scan",
  domain: "",
  below: 9,
  convert(node, build) {
    const [lengths, ...operands] = node.inputs;
    const body = node.attrs["body"];
    if (lengths) throw build.refuse("sequences of different lengths have no form from opset 9 on", "Export with opset_version=9 or newer.");
    if (!isSubgraph(body)) throw build.refuse("the attribute body is missing");
    const graph = batchBody(node, body, build);
    build.emit("Scan", operands, { body: { kind: "graph", graph }, num_scan_inputs: operands.length });
  },
};

/** The graph that runs the scan for one sequence. */
function batchBody(node: SourceNode, body: SubgraphAttr, build: NodeBuilder): Graph {
  const edit = new GraphEditor(build.ops, `${body.graph.name}_batch`);
  const operands = body.graph.inputs.map((input) =>
    edit.addInput(edit.freshName(`${node.name}/one/${input.name}`), ofAnyShape(input.type)),
  );
  const captures = new Map(
    [...node.captures].map(([name, value]): [string, Value] => [name, edit.addCapture(name, ofAnyShape(value.type))]),
  );
  const outputs = body.graph.outputs.map(({ name }) => `${node.name}/one/${name}`);
  const directions = intsOf(node, "directions");
  const attrs: Attrs = {
    body,
    num_scan_inputs: intOf(node, "num_scan_inputs", 1),
    ...(directions && { scan_input_directions: directions }),
  };
  for (const value of edit.insert("Scan", operands, attrs, { outputs, captures, origin: [node.name] })) edit.addOutput(value);
  return edit.graph;
}

function ofAnyShape({ dtype }: TensorType): TensorType {
  return { dtype, shape: undefined };
}

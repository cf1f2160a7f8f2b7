import { expect, test } from "vitest";
import { besideSources } from "./beside-sources.js";
import { GraphEditor } from "./editor.js";

interface Named {
  readonly name: string;
  readonly inputs: readonly string[];
}

const ends = { reads: ({ inputs }: Named) => inputs, gives: ({ name }: Named) => [name] };

test("added nodes stand right behind the last node that they depend on, the others in their order", () => {
  const nodes: readonly Named[] = [
    { name: "a", inputs: ["x"] },
    { name: "b", inputs: ["a", "w"] },
    { name: "c", inputs: ["b"] },
    { name: "of-a", inputs: ["a"] },
    { name: "of-of-a", inputs: ["of-a"] },
    { name: "of-x", inputs: ["x"] },
    { name: "of-b-and-a", inputs: ["b", "of-a"] },
    { name: "of-c", inputs: ["c"] },
  ];
  const order = besideSources(nodes, 3, ends).map(({ name }) => name);
  expect(order).toEqual(["of-x", "a", "of-a", "of-of-a", "b", "of-b-and-a", "c", "of-c"]);
  expect(besideSources(nodes, nodes.length, ends)).toEqual(nodes);
});

test("an editor settles added nodes beside what they read, as operands or through nested graphs", () => {
  const edit = new GraphEditor({ get: () => undefined, all: new Map() }, "g");
  const x = edit.addInput("x", { dtype: "f32", shape: [2] });
  const [a] = edit.insert("Op", [x], {}, { name: "a" });
  edit.insert("Op", [a!], {}, { name: "b" });
  edit.insert("If", [x], {}, { name: "of-a", captures: new Map([["inside", a!]]) });
  edit.insert("Op", [x], {}, { name: "of-x" });
  edit.settleBeside(2);
  expect(edit.graph.nodes.map(({ name }) => name)).toEqual(["of-x", "a", "of-a", "b"]);
});

import { createRequire } from "node:module";
import type { Type } from "protobufjs/light.js";
import { ONNX_SCHEMA } from "./schema.js";

type Protobuf = typeof import("protobufjs/light.js");

let types: ReadonlyMap<string, Type> | undefined;

/** The message type of that name in the ONNX schema. Loads protobufjs at the first call: who only reads models does without it. */
export function messageType(name: string): Type | undefined {
  types ??= loadTypes();
  return types.get(name);
}

function loadTypes(): ReadonlyMap<string, Type> {
  const { Root } = createRequire(import.meta.url)("protobufjs/light.js") as Protobuf;
  const root = Root.fromJSON(ONNX_SCHEMA);
  return new Map(Object.keys(ONNX_SCHEMA.nested ?? {}).map((name) => [name, root.lookupType(name)]));
}

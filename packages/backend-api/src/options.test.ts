import { VxError } from "@vlm-export/ir";
import { expect, test } from "vitest";
import type { Backend } from "./backend.js";
import { resolveOptions } from "./options.js";

const SCHEMA = {
  type: "object",
  additionalProperties: false,
  required: ["device"],
  properties: {
    device: { type: "string", minLength: 1 },
    opset: { type: "integer", minimum: 13, maximum: 24, default: 21 },
    io: { enum: ["float32", "int8"], default: "float32", description: "Element type." },
  },
};

const withSchema = { name: "t", capabilities: { optionsSchema: SCHEMA } } as unknown as Backend;

function resolved(given: object | undefined): unknown {
  try {
    return resolveOptions(withSchema, given);
  } catch (error) {
    if (!(error instanceof VxError)) throw error;
    return error.diagnostics.map(({ message }) => message);
  }
}

test("defaults are filled in and the given object stays as it is", () => {
  const given = { device: "a" };
  expect(resolved(given)).toEqual({ device: "a", opset: 21, io: "float32" });
  expect(given).toEqual({ device: "a" });
});

test("what does not fit is named", () => {
  expect((resolved({ device: "a", oi: 1, opset: 2, io: "x" }) as string[]).sort()).toEqual([
    "targets.t: /io must be equal to one of the allowed values (float32, int8).",
    "targets.t: /opset must be >= 13.",
    'targets.t: options must NOT have additional properties "oi".',
  ]);
  expect(resolved(undefined)).toEqual(["targets.t: options must have required property 'device'."]);
});

test("a misspelt value is told what it may mean", () => {
  const hintOf = (io: unknown) => expect.objectContaining({ diagnostic: expect.objectContaining({ hint: io }) });
  const options = "Options of this target: device, opset, io.";
  expect(() => resolveOptions(withSchema, { device: "a", io: "int88" })).toThrow(hintOf(`Did you mean "int8"? ${options}`));
  expect(() => resolveOptions(withSchema, { device: "a", io: 8 })).toThrow(hintOf(options));
});

test.each([
  ["opsett", 'Did you mean "opset"? Options of this target: device, opset, io.'],
  ["Device", 'Did you mean "device"? Options of this target: device, opset, io.'],
  ["quantization", "Options of this target: device, opset, io."],
])("a misspelt option is told what it may mean: %s", (word, hint) => {
  expect(() => resolveOptions(withSchema, { device: "a", [word]: 1 })).toThrow(
    expect.objectContaining({ diagnostic: expect.objectContaining({ code: "VX-PLUGIN-OPTIONS", hint }) }),
  );
});

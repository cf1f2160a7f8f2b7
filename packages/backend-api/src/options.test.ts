import { VxError } from "@vlm-export/ir";
import { Ajv } from "ajv";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Backend } from "./backend.js";
import { resolveOptions } from "./options.js";

const FLAT = {
  type: "object",
  additionalProperties: false,
  required: ["device"],
  properties: {
    device: { type: "string", minLength: 1 },
    opset: { type: "integer", minimum: 13, maximum: 24, default: 21 },
    io: { enum: ["float32", "int8"], default: "float32", description: "Element type." },
  },
};
/** The same with a word that only a general validator reads. */
const GENERAL = { ...FLAT, minProperties: 0 };

function resolved(optionsSchema: object, given: object | undefined): unknown {
  try {
    return resolveOptions({ name: "t", capabilities: { optionsSchema } } as unknown as Backend, given);
  } catch (error) {
    if (!(error instanceof VxError)) throw error;
    return error.diagnostics.map(({ message }) => message);
  }
}

test("defaults are filled in and the given object stays as it is", () => {
  const given = { device: "a" };
  for (const schema of [FLAT, GENERAL]) expect(resolved(schema, given)).toEqual({ device: "a", opset: 21, io: "float32" });
  expect(given).toEqual({ device: "a" });
});

test("flat schemas are read as a general validator reads them", () => {
  const value = fc.constantFrom<unknown>("", "a", "int8", "float32", 12, 13, 24, 24.5, 25, true, null, [], {});
  const given = fc.dictionary(fc.constantFrom("device", "opset", "io", "other", "constructor"), value, { maxKeys: 4 });
  const validate = new Ajv({ useDefaults: true, strict: false }).compile(FLAT);
  fc.assert(
    fc.property(given, (options) => {
      const expected = structuredClone({ ...options });
      const isValid = validate(expected);
      const actual = resolved(FLAT, options);
      if (isValid) expect(actual).toEqual(expected);
      else expect(actual).toBeInstanceOf(Array);
    }),
    { numRuns: 1000 },
  );
});

test.each([
  [FLAT, ['targets.t: option "oi" is unknown; options: device, opset, io.', "targets.t: opset: minimum 13 does not hold."]],
  [GENERAL, ['targets.t: options must NOT have additional properties "oi".', "targets.t: /opset must be >= 13."]],
])("what does not fit is named", (schema, messages) => {
  expect((resolved(schema, { device: "a", oi: 1, opset: 2 }) as string[]).sort()).toEqual(messages.sort());
});

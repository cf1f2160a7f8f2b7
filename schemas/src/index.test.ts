import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { compatRulesSchema, manifestSchema, recipeSchema, reportSchema } from "./index.js";

const root = new URL("../", import.meta.url);
const { generate } = (await import(fileURLToPath(new URL("scripts/generate.mjs", root)))) as {
  generate(): Promise<ReadonlyMap<string, string>>;
};

test("the generated types and constants are those of the JSON Schemas (else run: node schemas/scripts/generate.mjs)", async () => {
  for (const [name, text] of await generate()) {
    expect(await readFile(new URL(`src/generated/${name}`, root), "utf8"), name).toBe(text);
  }
});

test("every object of a schema is closed unless it is a dictionary", () => {
  const open: string[] = [];
  const visit = (schema: unknown, at: string): void => {
    if (typeof schema !== "object" || schema === null) return;
    const { type, properties, additionalProperties } = schema as Record<string, unknown>;
    if (type === "object" && properties !== undefined && additionalProperties !== false) open.push(at);
    for (const [key, value] of Object.entries(schema)) visit(value, `${at}/${key}`);
  };
  visit({ compatRulesSchema, manifestSchema, recipeSchema, reportSchema }, "");
  expect(open).toEqual(["/recipeSchema/definitions/Algorithm"]);
});

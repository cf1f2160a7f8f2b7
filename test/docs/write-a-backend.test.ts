import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { codeBlocks } from "./code-blocks.js";

const ROOT = new URL("../../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, ROOT), "utf8");

interface PackageJson {
  readonly name: string;
  readonly version: string;
  readonly keywords?: readonly string[];
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

test("the package of the page has a name and a keyword that are found, and depends on versions that are here", () => {
  const [shown] = codeBlocks(read("docs/write-a-backend.md"), "json").map((text) => JSON.parse(text) as PackageJson);
  expect(shown).toMatchObject({ name: expect.stringMatching(/^vlm-export-backend-/), keywords: ["vlm-export-backend"] });
  for (const [name, version] of Object.entries({ ...shown?.dependencies, ...shown?.devDependencies })) {
    const own = JSON.parse(read(`packages/${name.replace("@vlm-export/", "")}/package.json`)) as PackageJson;
    expect([name, version]).toEqual([own.name, own.version]);
  }
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { loadRecipe } from "@vlm-export/recipe";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type BrokenPlugin, discoverBackends } from "./discover.js";

const root = mkdtempSync(join(tmpdir(), "vlm-export-discover-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const backend = (name: string): string =>
  `const capabilities = { units: ["cpu"], weights: [], activations: [], granularities: [], blockSizes: [], rules: [], optionsSchema: {} };
   const hook = () => undefined;
   export default { name: ${JSON.stringify(name)}, apiVersion: 1, capabilities, lower: hook, emit: hook, decode: hook };`;

function install(name: string, source: string): string {
  const folder = join(root, "node_modules", name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name, version: "1.2.3", type: "module", keywords: ["vlm-export-backend"] }));
  writeFileSync(join(folder, "index.js"), source);
  return folder;
}

let throwing: string;
beforeAll(() => {
  throwing = install("vlm-export-backend-a", `throw new Error("no licence file");`);
  install("vlm-export-backend-b", backend("fine"));
  install("vlm-export-backend-c", backend("fine"));
  install("vlm-export-backend-d", `export default { name: "d", apiVersion: 7 };`);
});

test("plugins that do not load, break the contract or take a name are told with path and reason, and the others are found", async () => {
  const broken: BrokenPlugin[] = [];
  const found = await discoverBackends([root], { onBroken: (plugin) => broken.push(plugin) });
  expect(found.get("fine")).toMatchObject({ from: "vlm-export-backend-b", version: "1.2.3" });
  expect(broken.map(({ name, diagnostic: { code } }) => [name, code])).toEqual([
    ["vlm-export-backend-a", "VX-PLUGIN-LOAD"],
    ["vlm-export-backend-c", "VX-PLUGIN-DUPLICATE"],
    ["vlm-export-backend-d", "VX-PLUGIN-LOAD"],
  ]);
  expect(broken[0]).toMatchObject({ path: throwing, diagnostic: { message: expect.stringContaining("no licence file") } });
  expect(broken[2]!.diagnostic.message).toContain("apiVersion 7");
});

test("without a listener the first one ends the search", async () => {
  await expect(discoverBackends([root])).rejects.toMatchObject({ diagnostic: { code: "VX-PLUGIN-LOAD" } });
});

test("one that is asked for by name ends the search", async () => {
  const options = { plugins: [throwing], onBroken: () => undefined };
  await expect(discoverBackends([root], options)).rejects.toMatchObject({ diagnostic: { code: "VX-PLUGIN-LOAD" } });
});

async function namedIn(recipe: string): Promise<ReturnType<typeof discoverBackends>> {
  const { plugins, origins } = await loadRecipe(recipe);
  return discoverBackends([root], { plugins, origins, onBroken: () => undefined });
}

test("a relative path of a recipe starts from its folder, however the recipe is called", async () => {
  mkdirSync(join(root, "own"), { recursive: true });
  writeFileSync(join(root, "own", "good.mjs"), backend("good"));
  const recipe = join(root, "own", "r.yaml");
  writeFileSync(recipe, "version: 1\nplugins: [./good.mjs]\n");
  for (const spelling of [recipe, relative(process.cwd(), recipe)]) expect((await namedIn(spelling)).get("good")).toBeDefined();
});

test.each([
  ["./gone.mjs", "no such file or folder", "starts from the recipe's folder"],
  ["gone", "no package of that name is installed", "npm install gone"],
])("plugin %s of a recipe that does not load is told with its line", async (plugin, reason, hint) => {
  const recipe = join(root, "r.yaml");
  writeFileSync(recipe, `version: 1\nplugins:\n  - ${plugin}\n`);
  await expect(namedIn(recipe)).rejects.toMatchObject({
    diagnostic: {
      code: "VX-PLUGIN-LOAD",
      message: expect.stringContaining(reason),
      hint: expect.stringContaining(hint),
      where: { file: recipe, line: 3, column: 5 },
    },
  });
});

test("an export that throws when it is looked at is told as a plugin that does not load", async () => {
  const path = join(root, "trap.mjs");
  writeFileSync(path, `export default new Proxy({}, { get() { throw new Error("trap"); } });`);
  await expect(discoverBackends([], { plugins: [path] })).rejects.toMatchObject({
    diagnostic: { code: "VX-PLUGIN-LOAD", message: expect.stringContaining("it throws when it is read: trap") },
  });
});

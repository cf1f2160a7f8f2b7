/**
 * `npm run check`: what must hold before a change goes in, in the order of STEPS, until one fails.
 * `node scripts/check.mjs layers lint` runs the steps that it names and installs nothing.
 */
import { compile } from "./build.mjs";
import { install, root, run } from "./install.mjs";

/** Runs the program of an installed package. */
const tool = (path, ...args) => run(process.execPath, [`${root}node_modules/${path}`, ...args]);
const script = (name) => run(process.execPath, [`${root}scripts/${name}.mjs`]);

const STEPS = new Map([
  ["format", () => tool("@biomejs/biome/bin/biome", "format", ".")],
  ["build", compile],
  ["types", () => tool("ts7/bin/tsc", "-p", "tsconfig.check.json")],
  ["layers", () => tool("dependency-cruiser/bin/dependency-cruise.mjs", "--config", ".dependency-cruiser.cjs", "packages", "schemas")],
  ["lint", () => tool("oxlint/bin/oxlint", "--deny-warnings", "packages", "schemas", "test", "scripts")],
  ["tests", () => script("test")],
  ["unused", () => tool("knip/bin/knip.js", "--no-progress")],
  ["packages", () => script("package-shape")],
  ["api", () => script("api-report")],
]);

const named = process.argv.slice(2);
const unknown = named.find((name) => !STEPS.has(name));
if (unknown !== undefined) throw new Error(`No step "${unknown}". Steps: ${[...STEPS.keys()].join(", ")}.`);
if (named.length === 0) install();
for (const [name, step] of STEPS) {
  if (named.length > 0 && !named.includes(name)) continue;
  const begin = performance.now();
  step();
  process.stdout.write(`${name}: ${((performance.now() - begin) / 1000).toFixed(1)} s\n`);
}

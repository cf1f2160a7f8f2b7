/**
 * `npm run new:op NAME`, `npm run new:pass NAME`, `npm run new:backend NAME`: code, test and docs of a new part, registered where its
 * kind is. Writes everything or, when the name is taken or a place is not found, nothing. What is left to do is printed.
 */
import { root, run } from "./install.mjs";
import { newBackend } from "./scaffold/backend.mjs";
import { newOp } from "./scaffold/op.mjs";
import { newPass } from "./scaffold/pass.mjs";
import { openTree, ScaffoldError } from "./scaffold/tree.mjs";

const KINDS = new Map([
  ["op", newOp],
  ["pass", newPass],
  ["backend", newBackend],
]);

const [kind, name, ...rest] = process.argv.slice(2);
try {
  const make = KINDS.get(kind);
  if (!make || !name || rest.length > 0) throw new ScaffoldError(`Usage: npm run new:${make ? kind : "op|pass|backend"} NAME`);
  const tree = openTree(root);
  const next = make(tree, name);
  const paths = tree.write();
  const sources = paths.filter((path) => /\.(ts|mjs)$/.test(path));
  run(process.execPath, [`${root}node_modules/@biomejs/biome/bin/biome`, "format", "--write", ...sources], { stdio: "ignore" });
  process.stdout.write(`${[...paths, "", "Next (CONTRIBUTING.md has the whole list):", ...next.map((step) => `  ${step}`)].join("\n")}\n`);
} catch (error) {
  if (!(error instanceof ScaffoldError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

import { addingLine, camel, checkKebab, filled, replacing } from "./tree.mjs";

const FOLDER = "packages/passes/src";

/** A pass of the normalize stage that works from the start: it rewrites two negations, until its matcher is replaced. */
export function newPass(tree, name) {
  checkKebab(name, "fuse-quick-gelu");
  const pass = camel(name);
  const words = { name, pass, match: `match${pass[0].toUpperCase()}${pass.slice(1)}` };
  tree.create(`${FOLDER}/${name}.ts`, filled("pass.ts.txt", words));
  tree.create(`${FOLDER}/${name}.test.ts`, filled("pass.test.ts.txt", words));
  tree.change(`${FOLDER}/index.ts`, addingLine(/^export .* from "\.\/[a-z-]+\.js";$/, `export { ${pass} } from "./${name}.js";`));
  tree.change(`${FOLDER}/normalize.ts`, addingLine(/^import .* from "\.\/[a-z-]+\.js";$/, `import { ${pass} } from "./${name}.js";`));
  tree.change(`${FOLDER}/normalize.ts`, replacing(/(const REWRITES[^=]*= \[[^\]]*?),?\s*\];/, `$1, ${pass}];`));
  tree.change("packages/passes/README.md", replacing(/^\| `tagRoles` \|/m, `| \`${pass}\` | −(−x) → x |\n$&`));
  return [
    `${FOLDER}/${name}.ts: your matcher and your rewrite in the place of the example's`,
    `${FOLDER}/${name}.test.ts: your graphs and near misses; it passes as it is: npx vitest run ${FOLDER}/${name}.test.ts`,
    `packages/passes/README.md: what the pass does, in its row`,
    `${FOLDER}/normalize.ts: its place in REWRITES, when the order matters; out of it, when the stage shall not run it`,
  ];
}

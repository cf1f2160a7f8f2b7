import { camel, checkKebab, filled, replacing } from "./tree.mjs";

const MODEL = "packages/backend-null";

/** A target's package: the smallest whole backend under another name, with the conformance kit as its test. */
export function newBackend(tree, name) {
  checkKebab(name, "onnx-qdq");
  const folder = `packages/backend-${name}`;
  const copy = (file, ...edits) =>
    tree.create(
      `${folder}/${file}`,
      edits.reduce((text, edit) => edit(text, `${MODEL}/${file}`), tree.read(`${MODEL}/${file}`)),
    );
  const { version } = JSON.parse(tree.read(`${MODEL}/package.json`));
  copy("tsconfig.json");
  copy(
    "package.json",
    replacing("backend-null", `backend-${name}`),
    replacing(/("description": )"[^"]*"/, `$1"Target ${name}."`),
    replacing(/\n\}\n$/, `,\n  "devDependencies": {\n    "@vlm-export/backend-testkit": "${version}"\n  }\n}\n`),
  );
  copy("README.md", replacing(/\bnull\b/g, name), replacing(/: the smallest whole backend[^.]*/, ""));
  copy(
    "src/index.ts",
    replacing(/"null(?=["/ ])/g, `"${name}`),
    replacing(/\bnullBackend\b/g, `${camel(name)}Backend`),
    replacing(/: the smallest whole backend[^.]*/, ""),
  );
  tree.create(`${folder}/src/index.test.ts`, filled("backend.test.ts.txt", { name }));
  const layer = JSON.parse(tree.read("layers.json"))["backend-null"];
  tree.change("layers.json", replacing(/\n(?= *"backend-null")/, `\n  "backend-${name}": ${layer},\n`));
  tree.change("tsconfig.json", replacing(/\{\s*"path": "packages\/backend-null"\s*\}/, `$&,\n    {\n      "path": "${folder}"\n    }`));
  tree.change("ARCHITECTURE.md", replacing("`backend-null`", `$&, \`backend-${name}\``));
  tree.change(
    "test/conformance/built-in.test.ts",
    replacing(/\["null", [^\]]*\]/, (list) => withName(list, name)),
  );
  return [
    "npm install   # links the package and enters it in package-lock.json",
    `${folder}/src/index.ts: your capabilities, rules, lower, emit and decode, in the order of docs/write-a-backend.md`,
    `${folder}/src/index.test.ts passes as it is: npx vitest run ${folder}`,
    `packages/cli/package.json: a dependency on it, when the command shall bring it along`,
    `${folder}/README.md: what the target guarantees and needs`,
  ];
}

/** A list of strings in source form with one more, in order. */
function withName(list, name) {
  return `[${[...JSON.parse(list), name]
    .sort()
    .map((each) => `"${each}"`)
    .join(", ")}]`;
}

import { addingLine, camel, filled, replacing, ScaffoldError } from "./tree.mjs";

const FOLDER = "packages/ops/src";

/** An op of the ONNX default domain that is not in the registry yet: its file, its test, its two lines and its sample. */
export function newOp(tree, name) {
  const table = JSON.parse(tree.read("packages/ops/data/op-versions.json"));
  const opset = Number(/IR_OPSET = (\d+)/.exec(tree.read(`${FOLDER}/schema.ts`))?.[1]);
  const versions = (table.ops[name] ?? []).filter(({ since }) => since <= opset);
  const form = versions.at(-1);
  if (!form || form.deprecated) throw new ScaffoldError(whyNoForm(table, name, opset));
  const kebab = kebabOf(name);
  const variable = camel(kebab);
  const words = { name, kebab, variable, since: form.since };
  tree.create(`${FOLDER}/ops/${kebab}.ts`, filled("op.ts.txt", words));
  tree.create(`${FOLDER}/ops/${kebab}.test.ts`, filled("op.test.ts.txt", words));
  tree.change(`${FOLDER}/registry.ts`, addingLine(/^import .* from "\.\/ops\//, `import { ${variable} } from "./ops/${kebab}.js";`));
  tree.change(`${FOLDER}/registry.ts`, addingLine(/^ {2}\w+,$/, `  ${variable},`));
  tree.change(`${FOLDER}/infer-laws.test.ts`, replacing(/(const SAMPLES[^]*?)\n\];/, `$1\n  ${sampleOf(name, form, table.typeSets)},\n];`));
  return [
    `${FOLDER}/ops/${kebab}.ts: the formula, the shape rule, the part of each operand, the evaluation`,
    `its \`since\`: the lowest opset whose form means the same (versions: ${versions.map(({ since }) => since).join(", ")})`,
    `${FOLDER}/ops/${kebab}.test.ts fails until its numbers are filled in: npx vitest run ${FOLDER}/ops/${kebab}.test.ts`,
    `${FOLDER}/infer-laws.test.ts: operands and attributes that ${name} takes, in its last sample`,
  ];
}

function whyNoForm({ ops }, name, opset) {
  if (name.startsWith("com.microsoft::"))
    return `${name}: an op of com.microsoft is imported as ONNX operators: copy packages/frontends/src/onnx/contrib/quick-gelu.ts and add a line to rules.ts above it.`;
  if (name.includes("::"))
    return `${name}: only ops of the ONNX default domain are made here; for one of our own copy ${FOLDER}/ops/quick-gelu.ts.`;
  const alike = Object.keys(ops).filter((op) => op.toLowerCase().startsWith(name.toLowerCase().slice(0, 3)));
  return `ONNX has no operator "${name}" at opset ${opset}.${alike.length > 0 ? ` Spelled alike: ${alike.join(", ")}.` : ""}`;
}

/** `ScatterND` → `scatter-nd`, as registry.test.ts wants it. */
function kebabOf(name) {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1-$2")
    .replaceAll(/([A-Z]+)([A-Z][a-z])/g, "$1-$2")
    .toLowerCase();
}

/** The required operands as small tensors of an element type that each may have. */
function sampleOf(name, { inputs, types, minInputs = inputs.length }, typeSets) {
  const operands = inputs.slice(0, minInputs).map(({ type }) => {
    const allowed = typeSets[types[type]] ?? [type];
    const dtype = ["f32", "i64"].find((each) => allowed.includes(each)) ?? allowed[0];
    return dtype === "f32" ? "ramp([2, N])" : `ramp([2, N], "${dtype}")`;
  });
  return `sample("${name}", [${operands.join(", ")}])`;
}

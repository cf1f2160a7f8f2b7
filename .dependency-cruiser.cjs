const layers = require("./layers.json");
const folder = (name) => (name === "schemas" ? "schemas" : `packages/${name}`);
/** One rule per package: it may import only packages of a lower layer. */
const higherOrEqual = (name, layer) => Object.keys(layers).filter((other) => other !== name && layers[other] >= layer);
/** One rule per package: it may import only packages of a lower layer; tests may use what they need. */
const rules = Object.entries(layers)
  .map(([name, layer]) => ({ name, layer, forbidden: higherOrEqual(name, layer).map((other) => `^${folder(other)}/`) }))
  .filter(({ forbidden }) => forbidden.length > 0)
  .map(({ name, layer, forbidden }) => ({
    name: `layer-${layer}-${name}`,
    severity: "error",
    comment: `${name} is layer ${layer}: it may import only packages with a lower number (ARCHITECTURE.md).`,
    from: { path: `^${folder(name)}/src`, pathNot: "\\.(test|fixture)\\.ts$" },
    to: { path: forbidden },
  }));
module.exports = {
  forbidden: [
    ...rules,
    { name: "no-circular", severity: "error", from: {}, to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } } },
    { name: "resolvable", severity: "error", comment: "An import that cannot be resolved would pass the layer rule unseen.", from: {}, to: { couldNotResolve: true } },
    { name: "processes-only-in-backend-api", severity: "error", comment: "Only backend-api spawns processes.", from: { path: "^packages/(?!backend-api/|cli/)[^/]+/src", pathNot: "\\.test\\.ts$" }, to: { path: "^(node:)?child_process$|node_modules/execa" } },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(/dist/|/build/|^node_modules)" },
    tsPreCompilationDeps: true,
    combinedDependencies: true,
    tsConfig: { fileName: "tsconfig.check.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["vlm-source", "import", "types", "node", "default"], extensions: [".ts", ".js", ".json"] },
  },
};

/** `npm run check`: everything that CI does, the quick checks first. */
import { compile } from "./build.mjs";
import { install, root, run } from "./install.mjs";

const bin = (path) => [`${root}node_modules/${path}`];
install();
run(process.execPath, [...bin("@biomejs/biome/bin/biome"), "format", "."]);
compile();
run(process.execPath, [...bin("ts7/bin/tsc"), "-p", "tsconfig.check.json"]);
run(process.execPath, [
  ...bin("dependency-cruiser/bin/dependency-cruise.mjs"),
  "--config",
  ".dependency-cruiser.cjs",
  "packages",
  "schemas",
]);
run(process.execPath, [...bin("oxlint/bin/oxlint"), "packages", "schemas", "test", "scripts"]);
run(process.execPath, [`${root}scripts/test.mjs`]);

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseRecipe } from "@vlm-export/recipe";
import { expect, test } from "vitest";
import { ROOT } from "../e2e/run-cli.js";
import { codeBlocks } from "./code-blocks.js";

/** What the examples take as given. */
const GIVEN = `import type { Graph, Model, OpRegistry } from "@vlm-export/ir";
type Compare = Parameters<typeof import("@vlm-export/verify").compareDecoded>;
declare global {
  const graph: Graph;
  const model: Model;
  const ops: OpRegistry;
  const plan: import("@vlm-export/recipe").Plan;
  const samples: AsyncIterable<import("@vlm-export/quantize").CalibrationSample> & AsyncIterable<ReadonlyMap<string, import("@vlm-export/ir").TensorData>>;
  const cacheFolder: string;
  const decoded: Compare[2];
  const artifact: Compare[3];
  const session: import("@vlm-export/engine").EngineSession;
}
`;
/** The module that the reader has written. */
const MY_BACKEND = 'export { default } from "@vlm-export/backend-null";\n';

const pages = [
  "README.md",
  "schemas/README.md",
  ...readdirSync(join(ROOT, "docs")).map((name) => `docs/${name}`),
  ...readdirSync(join(ROOT, "packages")).map((name) => `packages/${name}/README.md`),
].filter((page) => page.endsWith(".md") && existsSync(join(ROOT, page)));
const textOf = (page: string): string => readFileSync(join(ROOT, page), "utf8");

test("TypeScript examples of all pages compile against the sources", () => {
  mkdirSync(join(ROOT, ".cache"), { recursive: true });
  const folder = mkdtempSync(join(ROOT, ".cache/docs-"));
  try {
    const names = pages.flatMap((page) =>
      codeBlocks(textOf(page), "ts").map((code, i) => {
        const name = `${page.replaceAll(/\W/g, "_")}_${i}.ts`;
        writeFileSync(join(folder, name), `${code}\nexport {};\n`);
        return name;
      }),
    );
    writeFileSync(join(folder, "given.d.ts"), GIVEN);
    writeFileSync(join(folder, "my-backend.ts"), MY_BACKEND);
    const options = { rootDir: "../..", noUnusedLocals: false };
    writeFileSync(
      join(folder, "tsconfig.json"),
      JSON.stringify({ extends: "../../tsconfig.check.json", compilerOptions: options, include: ["*.ts"], exclude: [] }),
    );
    const { stdout } = spawnSync(process.execPath, [join(ROOT, "node_modules/ts7/bin/tsc"), "-p", folder], { encoding: "utf8", cwd: ROOT });
    expect(stdout).toBe("");
    expect(names.length).toBeGreaterThan(12);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

const recipes = pages.flatMap((page) => codeBlocks(textOf(page), "yaml").map((text, i) => ({ page, i, text })));

test.each(recipes)("recipe $i of $page is valid", async ({ page, text }) => {
  expect((await parseRecipe(text, { file: join(ROOT, page) })).version).toBe(1);
});

import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { conditions: ["vlm-source"] },
  ssr: { resolve: { conditions: ["vlm-source"], externalConditions: ["vlm-source"] } },
  test: {
    include: ["packages/*/src/**/*.test.ts", "schemas/src/**/*.test.ts", "test/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**"],
    testTimeout: 60_000,
    pool: "forks",
    maxWorkers: 2,
  },
});

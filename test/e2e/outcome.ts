import { expect } from "vitest";
import type { Finished } from "./run-cli.js";

/** A finished export into a folder of its own: `expected` 0 leaves the output, a code leaves nothing and stderr says why. */
export function expectOutcome(
  { run: { code, stderr }, made }: { readonly run: Finished; readonly made: readonly string[] },
  expected: string | 0,
  says: readonly string[],
): void {
  if (expected === 0) {
    expect({ code, stderr, made }).toEqual({ code: 0, stderr: "", made: ["dist"] });
    return;
  }
  expect({ code, stderr, made }).toEqual({ code: 1, stderr: expect.stringContaining(expected), made: [] });
  for (const text of says) expect(stderr).toContain(text);
}

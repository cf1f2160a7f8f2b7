import { expect, test, vi } from "vitest";
import { VxError } from "./diagnostic.js";

const finding = { code: "VX-TEST", severity: "error", message: "text", where: { stage: "emit" } } as const;

test("an error of another copy of this package is a VxError, and nothing else is", async () => {
  vi.resetModules();
  const other = await import("./diagnostic.js");
  expect(other.VxError).not.toBe(VxError);
  expect(new other.VxError(finding)).toBeInstanceOf(VxError);
  expect(new VxError(finding)).toBeInstanceOf(other.VxError);
  for (const value of [new Error("text"), { ...new VxError(finding) }, finding, null, undefined, "VxError"])
    expect(value instanceof VxError).toBe(false);
});

import { expect, test } from "vitest";
import { VxError } from "./diagnostic.js";
import { systemLimit } from "./system-limit.js";

const withCode = (code: string, message: string): Error => Object.assign(new Error(message), { code });

test.each([
  [withCode("EMFILE", "EMFILE: too many open files, open '/x'"), "too many files are open", "ulimit -n"],
  [new Error("Initializer(const onnxruntime::Graph&) SystemError : 24"), "too many files are open", "ulimit -n"],
  [withCode("ERR_WORKER_INIT_FAILED", "Worker initialization failure: EMFILE"), "too many files are open", "ulimit -n"],
  [withCode("ERR_WORKER_INIT_FAILED", "Worker initialization failure: EAGAIN"), "a thread cannot start", "ulimit -u"],
  [withCode("ERR_WORKER_OUT_OF_MEMORY", "Worker terminated due to reaching memory limit"), "there is no more memory", "ulimit -v"],
  [new RangeError("WebAssembly.Instance(): Out of memory: Cannot allocate Wasm memory"), "there is no more memory", "ulimit -v"],
  [new RangeError("Array buffer allocation failed"), "there is no more memory", "ulimit -v"],
])("%s is a limit of the system, and says what to lift", (error, what, hint) => {
  const outer = new Error("the kernels do not load", { cause: error });
  for (const found of [systemLimit(error), systemLimit(outer)]) {
    expect(found).toMatchObject({ kind: "tool", diagnostic: { code: "VX-TOOL-LIMIT", hint: expect.stringContaining(hint) as string } });
    expect(found?.message).toBe(`a limit of the system is reached, ${what}: ${error.message}.`);
  }
});

test("other errors, coded or not, are none", () => {
  const coded = new VxError({ code: "VX-IMPORT-FILE", severity: "error", message: "no such file", where: { stage: "import" } });
  for (const error of [coded, new Error("x"), withCode("ENOENT", "ENOENT: no such file"), "EMFILE", undefined])
    expect(systemLimit(error)).toBeUndefined();
});

test.each(["MODULE_NOT_FOUND", "ERR_MODULE_NOT_FOUND", ""])(
  "a missing module, code '%s', is a limit where few files may be open, and is itself elsewhere",
  (code) => {
    const missing = new Error("the package does not load", { cause: withCode(code, "Cannot find module 'x'") });
    expect(systemLimit(missing, () => 34)?.message).toBe(
      "a limit of the system is reached, too many files are open: Cannot find module 'x'.",
    );
    expect(systemLimit(missing, () => 1024)).toBeUndefined();
    expect(systemLimit(missing)).toBeUndefined();
  },
);

test("a module that is taken for one of the other kind is a limit where few files may be open, too", () => {
  const error = new ReferenceError("exports is not defined in ES module scope");
  expect(systemLimit(error, () => 34)?.message).toContain("too many files are open");
  expect(systemLimit(error, () => 1024)).toBeUndefined();
});

import { BITS, byteLengthOf, elementCount, type FailureKind, type Stage, type TensorData, type VxError } from "@vlm-export/ir";
import type { Reencoding } from "../backend.js";
import { UNITS } from "../rule-shape.js";
import { type Check, fields, like, list, method, number, oneOf, optional, text, words } from "../shape-checks.js";

const REENCODINGS: Readonly<Record<Reencoding, true>> = {
  "sign-shift": true,
  transpose: true,
  repack: true,
  negate: true,
  "replicate-scale": true,
  "widen-scale": true,
  flip: true,
};
const tensorName = { component: text, value: text };
const location = { ...tensorName, key: text };
const loss = { ...tensorName, reason: words, resolution: oneOf(["fallback", "requantize"]), maxAbsError: optional(number) };

const STAGES: Readonly<Record<Stage, true>> = {
  import: true,
  normalize: true,
  plan: true,
  calibrate: true,
  quantize: true,
  check: true,
  legalize: true,
  partition: true,
  lower: true,
  emit: true,
  verify: true,
  report: true,
};
const KINDS: Readonly<Record<FailureKind, true>> = { user: true, tool: true, verify: true, interrupted: true };

const diagnostic: Check = fields({
  code: like(/^VX-/),
  severity: oneOf(["error", "warning", "info"]),
  message: words,
  hint: optional(words),
  where: fields({ stage: oneOf(Object.keys(STAGES)) }),
});
const error: Check = fields({ kind: oneOf(Object.keys(KINDS)), diagnostics: list(diagnostic) });

const tensor = fields({ dtype: oneOf(Object.keys(BITS)), shape: list(number), bytes: method });

/** Named tensors, each with the bytes that its type and shape need. */
function tensors(value: unknown, path: string): string | undefined {
  if (!(value instanceof Map)) return `${path} is not a Map of tensors`;
  for (const [name, found] of value as ReadonlyMap<string, TensorData>) {
    const at = `${path}.get(${JSON.stringify(name)})`;
    const problem = tensor(found, at);
    if (problem !== undefined) return problem;
    if (found.dtype === "string") continue;
    const [needed, given] = [byteLengthOf(found.dtype, elementCount(found.shape)), found.bytes().byteLength];
    if (needed !== given) return `${at} has ${given} bytes, ${found.dtype}[${found.shape.join(", ")}] needs ${needed}`;
  }
  return undefined;
}

/** What a tensor was decoded to is judged where it is compared: from a damaged file it may be anything, which is then a difference. */
const CHECKS: ReadonlyMap<string, Check> = new Map([
  ["probe", list(diagnostic)],
  ["partition", list(fields({ id: number, unit: oneOf(UNITS), nodes: list(text), boundaryBytes: number }))],
  [
    "emit",
    fields({
      formatVersion: words,
      tensors: list(fields({ ...location, reencodings: list(oneOf(Object.keys(REENCODINGS))) })),
      constants: optional(list(fields(location))),
      losses: optional(list(fields(loss))),
    }),
  ],
  ["decode", fields({ decoder: words, tensors: list(fields({})), constants: optional(list(fields({}))) })],
  ["open", fields({ name: words, version: words, run: method, close: method, defaults: optional(fields({ advice: text, run: method })) })],
  ["run", tensors],
]);

/** Why the contract does not allow a hook to give `result`, in words; undefined when it does. `lower` may give anything. */
export function resultProblem(hook: string, result: unknown): string | undefined {
  return CHECKS.get(hook)?.(result, "result");
}

/** Why a finding may not go into a report, in words; undefined when it may. */
export function findingProblem(finding: unknown): string | undefined {
  return diagnostic(finding, "diagnostic");
}

/** What keeps a VxError of a plugin from being printed and reported, in words; undefined when nothing does. */
export function errorProblem(thrown: VxError, mayBeInterrupted: boolean): string | undefined {
  const problem = error(thrown, "error");
  if (problem !== undefined) return problem;
  if (!thrown.diagnostics.some(({ severity }) => severity === "error")) return "error.diagnostics holds no error";
  if (thrown.kind === "interrupted" && !mayBeInterrupted) return "error.kind is interrupted, and nobody interrupted it";
  return undefined;
}

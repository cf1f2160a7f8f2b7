import { VxError } from "@vlm-export/ir";

/** What the process ends with. */
export const EXIT: { readonly ok: 0; readonly user: 1; readonly tool: 2; readonly verify: 3; readonly bug: 70; readonly interrupted: 130 } =
  { ok: 0, user: 1, tool: 2, verify: 3, bug: 70, interrupted: 130 };

/** 1 user error, 2 missing tool, 3 verification or gate failed, 130 interrupted; anything that is not a coded error is a bug: 70. */
export function exitCodeOf(error: unknown): number {
  return error instanceof VxError ? EXIT[error.kind] : EXIT.bug;
}

import type { VxError } from "./diagnostic.js";
import { toolLimit } from "./errors.js";

interface Limit {
  /** What an error of that kind has in its code or message. */
  readonly signs: RegExp;
  readonly what: string;
  readonly hint: string;
}

/** The more telling first: a thread that does not start has a sign of its own, and may name what it lacked. */
const LIMITS: readonly Limit[] = [
  {
    signs: /\b(?:EMFILE|ENFILE)\b|too many open files/i,
    what: "too many files are open",
    hint: "Allow more of them: ulimit -n 1024.",
  },
  {
    signs: /\b(?:ENOMEM|ERR_WORKER_OUT_OF_MEMORY)\b|out of memory|array buffer allocation failed|cannot allocate memory|bad_alloc/i,
    what: "there is no more memory",
    hint:
      "Free memory, or lift the limit: ulimit -v unlimited. Threads with compiled kernels reserve 10 GB of addresses each, of which they " +
      "use little; limit what is in use (a control group's memory limit) instead of addresses.",
  },
  {
    signs: /\bERR_WORKER_INIT_FAILED\b/,
    what: "a thread cannot start",
    hint: "Lift the limits of this shell on processes and addresses: ulimit -u unlimited; ulimit -v unlimited.",
  },
];

/**
 * An error that says that the system gives no more files, memory or threads, in itself or in one of its causes, as VX-TOOL-LIMIT;
 * undefined for any other. Such errors come up anywhere and are neither a bug nor the input's fault.
 */
export function systemLimit(error: unknown): VxError | undefined {
  for (let said = error; said instanceof Error; said = said.cause) {
    const text = `${"code" in said ? String(said.code) : ""} ${said.message}`;
    const limit = LIMITS.find(({ signs }) => signs.test(text));
    if (limit) return toolLimit(limit, said.message, error);
  }
  return undefined;
}

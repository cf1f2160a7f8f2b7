import type { VxError } from "./diagnostic.js";
import { toolLimit } from "./errors.js";

interface Limit {
  /** What an error of that kind has in its code or message. */
  readonly signs: RegExp;
  readonly what: string;
  readonly hint: string;
}

/**
 * With fewer open files than this, a module that is not found, or taken for one of the other kind, may be one whose package.json Node could
 * not open: it says no more.
 */
const FEW_FILES = 64;
/** Codes, and the words for errors that came from another thread and lost theirs. */
const MODULE_ASTRAY = /\b(?:ERR_)?MODULE_NOT_FOUND\b|\bCannot find (?:package|module) '|\bis not defined in ES module scope\b/;

const FILES: Limit = {
  signs: /\b(?:EMFILE|ENFILE)\b|too many open files|\bSystemError : 2[34]\b/i, // the last is ONNX Runtime's, with the number of the error
  what: "too many files are open",
  hint: "Allow more of them: ulimit -n 1024.",
};

/** The more telling first: a thread that does not start has a sign of its own, and may name what it lacked. */
const LIMITS: readonly Limit[] = [
  FILES,
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
 * undefined for any other. Such errors come up anywhere and are neither a bug nor the input's fault. `mayOpen` tells how many files the
 * process may open.
 */
export function systemLimit(error: unknown, mayOpen: () => number = openFileLimit): VxError | undefined {
  for (let said = error; said instanceof Error; said = said.cause) {
    const text = `${"code" in said ? String(said.code) : ""} ${said.message}`;
    const limit = LIMITS.find(({ signs }) => signs.test(text));
    if (limit) return toolLimit(limit, said.message, error);
    if (MODULE_ASTRAY.test(text) && mayOpen() < FEW_FILES) return toolLimit(FILES, said.message, error);
  }
  return undefined;
}

/** The soft limit of this process on open files; Infinity where the system has none. */
function openFileLimit(): number {
  const { userLimits } = process.report.getReport() as { readonly userLimits?: { readonly open_files?: { readonly soft: unknown } } };
  const soft = Number(userLimits?.open_files?.soft);
  return Number.isNaN(soft) ? Number.POSITIVE_INFINITY : soft;
}

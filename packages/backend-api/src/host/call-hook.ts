import { systemLimit, VxError } from "@vlm-export/ir";
import type { Backend } from "../backend.js";
import { pluginCrash, pluginError, pluginResult, pluginTimeout } from "../errors.js";
import { errorProblem, resultProblem } from "./hook-results.js";
import { type HostWork, watchIdle } from "./host-work.js";

const IDLE_MS = 60_000;
/** An engine that opens an artifact or runs it may do so on threads of its own, of which the host sees nothing. */
const ENGINE_IDLE_MS = 10 * 60_000;
const ENGINE_HOOKS: ReadonlySet<string> = new Set(["open", "run"]);

/** What a hook runs on. */
export interface HookTerms {
  /** The host's work for the target, which is progress of its hooks. */
  readonly work?: HostWork;
  /** How long a hook may show no progress; by default 60 s, and 10 min for `open` and `run`. */
  readonly idleMs?: number;
  /** The host's own: where it has not ended the run, an AbortError is the plugin's. */
  readonly signal?: AbortSignal;
}

/** Whose hook it is, and what it runs on; `TargetSite` is one. */
export interface HookSite {
  readonly backend: Pick<Backend, "name">;
  readonly terms: HookTerms;
}

/**
 * Runs a hook, and names the backend in what goes wrong. What it throws that is no coded error is VX-TOOL-LIMIT or VX-PLUGIN-CRASH, as is a
 * result that the contract does not allow; one that shows no progress for too long is VX-PLUGIN-TIMEOUT and runs on unheeded.
 */
export async function callHook<T>(site: HookSite, hook: string, action: () => T | Promise<T>): Promise<T> {
  const result = await readPlugin(site, hook, () => settled(site, hook, action));
  const problem = await readPlugin(site, hook, () => resultProblem(hook, result));
  if (problem !== undefined) throw pluginResult(site.backend.name, hook, problem);
  return result;
}

/** Runs code of the host that reads what a hook has given, in which code of the plugin may run: its errors are the hook's. */
export async function readPlugin<T>({ backend, terms }: HookSite, hook: string, action: () => T | Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw codedError(backend.name, hook, { error, signal: terms.signal });
  }
}

async function settled<T>({ backend, terms }: HookSite, hook: string, action: () => T | Promise<T>): Promise<T> {
  const { work, idleMs = ENGINE_HOOKS.has(hook) ? ENGINE_IDLE_MS : IDLE_MS } = terms;
  const result = action();
  // A result that is there already needs no watch, nor the turn of the event loop that it takes.
  if (!isThenable(result)) return result;
  let stop = (): void => undefined;
  const idle = new Promise<never>((_, reject) => {
    stop = watchIdle(idleMs, work, () => reject(pluginTimeout(backend.name, hook, idleMs)));
  });
  try {
    return await Promise.race([result, idle]);
  } finally {
    stop();
  }
}

function isThenable<T>(result: T | Promise<T>): result is Promise<T> {
  return typeof result === "object" && result !== null && "then" in result;
}

/** Anything may have been thrown, even what cannot be looked at: its properties may throw in turn. */
function codedError(
  backend: string,
  hook: string,
  { error, signal }: { readonly error: unknown; readonly signal?: AbortSignal | undefined },
): Error {
  try {
    if (error instanceof VxError) {
      const problem = errorProblem(error, signal?.aborted !== false);
      return problem === undefined ? error : pluginError(backend, hook, { problem, cause: error });
    }
    if (error instanceof Error && error.name === "AbortError" && signal?.aborted !== false) return error;
    return systemLimit(error) ?? pluginCrash(backend, hook, error);
  } catch {
    return pluginCrash(backend, hook, new Error("something that cannot be read"));
  }
}

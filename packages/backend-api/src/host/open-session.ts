import type { Artifact, Backend, BackendContext, Session } from "../backend.js";
import { callHook, type HookTerms } from "./call-hook.js";

/**
 * Opens the artifact on the backend's engine; undefined when the backend names none. What the session throws later that is no coded error
 * is VX-PLUGIN-CRASH too, as {@link callHook} says of hooks.
 */
export async function openSession(
  backend: Backend,
  artifact: Artifact,
  context: BackendContext<unknown>,
  terms: HookTerms = {},
): Promise<Session | undefined> {
  const open = backend.open?.bind(backend);
  if (!open) return undefined;
  const session = await callHook(backend, "open", () => open(artifact, context), terms);
  const { name, version, inputShapes, defaults } = session;
  return {
    name,
    version,
    ...(inputShapes && { inputShapes }),
    run: (inputs) => callHook(backend, "run", () => session.run(inputs), terms),
    ...(defaults && {
      defaults: { advice: defaults.advice, run: (inputs) => callHook(backend, "run", () => defaults.run(inputs), terms) },
    }),
    close: () => callHook(backend, "close", () => session.close(), terms),
  };
}

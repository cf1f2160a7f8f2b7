import type { Artifact, Session } from "../backend.js";
import { callHook } from "./call-hook.js";
import type { TargetSite } from "./open-site.js";

/**
 * Opens the artifact on the backend's engine; undefined when the backend names none. What the session throws later that is no coded error
 * is VX-PLUGIN-CRASH too, as {@link callHook} says of hooks.
 */
export async function openSession(
  site: Pick<TargetSite, "backend" | "context" | "terms">,
  artifact: Artifact,
): Promise<Session | undefined> {
  const { backend, context } = site;
  const open = backend.open?.bind(backend);
  if (!open) return undefined;
  const session = await callHook(site, "open", () => open(artifact, context));
  const { name, version, inputShapes, defaults } = session;
  return {
    name,
    version,
    ...(inputShapes && { inputShapes }),
    run: (inputs) => callHook(site, "run", () => session.run(inputs)),
    ...(defaults && {
      defaults: { advice: defaults.advice, run: (inputs) => callHook(site, "run", () => defaults.run(inputs)) },
    }),
    close: () => callHook(site, "close", () => session.close()),
  };
}

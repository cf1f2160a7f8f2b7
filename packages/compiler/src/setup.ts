import { callHook } from "@vlm-export/backend-api";
import { createEngine, removeLeftovers } from "@vlm-export/engine";
import { type Diagnostic, VxError } from "@vlm-export/ir";
import type { BrokenPlugin, FoundBackend } from "./discover.js";
import { pluginLoad } from "./errors.js";
import { withTemporarySite } from "./temporary-site.js";

/** One line of `doctor`. */
export interface SetupCheck {
  readonly what: string;
  /** broken: a plugin that does not load, or whose probe crashes. */
  readonly status: "ok" | "missing" | "warning" | "broken";
  readonly found: string;
  readonly hint?: string;
}

export interface SetupOptions {
  readonly backends: ReadonlyMap<string, FoundBackend>;
  readonly broken?: readonly BrokenPlugin[];
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** What is installed, what is missing and how to get it; installs nothing. Removes temporary models that killed runs left. */
export async function inspectSetup({ backends, broken = [], environment }: SetupOptions): Promise<readonly SetupCheck[]> {
  const checks: SetupCheck[] = [{ what: "Node.js", status: "ok", found: process.version }, await engineCheck()];
  for (const [name, found] of backends) checks.push({ what: `backend ${name}`, ...(await backendCheck(found, environment)) });
  for (const { name, path, diagnostic } of broken)
    checks.push({ what: `plugin ${name}`, status: "broken", found: path, ...hintOf([diagnostic]) });
  return [...checks, ...leftoverChecks()];
}

/** Links in them to the weights of a model make other programs refuse these. */
function leftoverChecks(): readonly SetupCheck[] {
  const removed = removeLeftovers();
  return removed.length === 0 ? [] : [{ what: "left by killed runs", status: "ok", found: `removed ${removed.join(", ")}` }];
}

async function engineCheck(): Promise<SetupCheck> {
  try {
    const engine = await createEngine();
    engine.close();
    return { what: `engine ${engine.name}`, status: "ok", found: engine.version };
  } catch (error) {
    if (!(error instanceof VxError)) throw error;
    return {
      what: "engine onnxruntime-node",
      status: "missing",
      found: error.message,
      ...(error.diagnostic.hint !== undefined && { hint: error.diagnostic.hint }),
    };
  }
}

async function backendCheck(
  { backend, version, from }: FoundBackend,
  environment: SetupOptions["environment"],
): Promise<Omit<SetupCheck, "what">> {
  try {
    const findings = await withTemporarySite(backend, undefined, { environment }, async (site) =>
      callHook(site, "probe", async () => (await backend.probe?.(site.context)) ?? []),
    );
    return { status: findings.length > 0 ? "warning" : "ok", found: version, ...hintOf(findings) };
  } catch (error) {
    const diagnostics = error instanceof VxError ? error.diagnostics : pluginLoad(from, String(error), error).diagnostics;
    return { status: "broken", found: `${from} ${version}`, ...hintOf(diagnostics) };
  }
}

function hintOf(findings: readonly Diagnostic[]): { readonly hint?: string } {
  const [first] = findings;
  return first ? { hint: `${first.message} ${first.hint ?? ""}`.trim() } : {};
}

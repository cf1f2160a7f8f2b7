import type { VerifiedTarget } from "@vlm-export/compiler";
import { type Diagnostic, textTable } from "@vlm-export/ir";
import type { CommandModule } from "yargs";
import type { CommandSite } from "../command-site.js";
import { backendsOf, PLUGIN_OPTION } from "../common.js";
import { contradictions } from "../contradictions.js";
import { EXIT } from "../exit-codes.js";
import { recordedRun, rejectedTargets } from "../recorded-run.js";

interface VerifyArgs {
  readonly dist: string;
  readonly plugin?: readonly string[] | undefined;
}

/**
 * `verify DIST`: decodes every artifact again and compares it with the manifest's hashes of the frozen graph. A target that the run rejected
 * is not proven, nor is one whose plugin is not here; the others are all the same.
 */
export function verifyCommand(site: CommandSite): CommandModule<object, VerifyArgs> {
  return {
    command: "verify <dist>",
    describe: "decode the artifacts of an output folder again and compare every integer, scale and zero point",
    builder: (args) =>
      args
        .positional("dist", { type: "string", demandOption: true, describe: "the folder that --out named" })
        .option("plugin", PLUGIN_OPTION)
        .example("$0 verify dist/", ""),
    handler: (args) => runVerify(site, args),
  };
}

async function runVerify(site: CommandSite, { dist, plugin }: VerifyArgs): Promise<void> {
  const [{ inspectOutput, verifyOutput }, { withProgress }] = await Promise.all([
    import("@vlm-export/compiler"),
    import("../with-progress.js"),
  ]);
  const { manifest, targets } = inspectOutput(dist);
  const names = targets.map(({ name }) => name);
  const report = recordedRun(dist);
  const rejected = [...rejectedTargets(dist, report, names)].map(([target, found]): VerifiedTarget => ({ target, diagnostics: [found] }));
  const backends = await backendsOf(site.output, plugin);
  const proven = await withProgress(site, Object.keys(manifest.targets), ({ onEvent }) =>
    verifyOutput(dist, { backends, environment: process.env, signal: site.signal, onEvent }),
  );
  const contradicted = contradictions(dist, report, manifest);
  const results = withFindings([...proven, ...rejected], contradicted);
  for (const { diagnostics } of results) for (const diagnostic of diagnostics) site.output.message(diagnostic);
  const unproven = results.filter(({ target, proof }) => contradicted.has(target) || proof?.tensorsDifferent !== 0);
  const isProven = unproven.length === 0;
  if (!isProven) site.exitCode = unproven.every(isUnknown) ? EXIT.user : EXIT.verify;
  const rows = results.map(({ target, proof, diagnostics }) => [
    target,
    proof ? `${proof.tensorsCompared - proof.tensorsDifferent} of ${proof.tensorsCompared} equal` : "not proven",
    proof?.decoder ?? "",
    diagnostics.length,
  ]);
  site.output.answer(textTable(["target", "integers and scales", "decoder", "findings"], rows), {
    ok: isProven,
    targets: Object.fromEntries(results.map(({ target, ...rest }) => [target, rest])),
  });
}

/** A target for which there is no plugin here: nothing speaks against its artifact. */
function isUnknown({ diagnostics }: VerifiedTarget): boolean {
  return diagnostics.every(({ code }) => code === "VX-PLUGIN-UNKNOWN-TARGET");
}

/** The results with what contradicts them; a target that only the report has is one that is not proven. */
function withFindings(results: readonly VerifiedTarget[], found: ReadonlyMap<string, Diagnostic>): readonly VerifiedTarget[] {
  const known = new Set(results.map(({ target }) => target));
  const more = [...found].filter(([target]) => !known.has(target));
  return [
    ...results.map((result) => ({ ...result, diagnostics: [...result.diagnostics, ...[found.get(result.target) ?? []].flat()] })),
    ...more.map(([target, diagnostic]) => ({ target, diagnostics: [diagnostic] })),
  ];
}

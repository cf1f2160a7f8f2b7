import type { CommandModule } from "yargs";
import type { CommandSite } from "../command-site.js";
import { findBackends } from "../common.js";
import { EXIT } from "../exit-codes.js";
import { table } from "../table.js";

/** `verify DIST`: decodes every artifact again and compares it with the manifest's hashes of the frozen graph. */
export function verifyCommand(site: CommandSite): CommandModule<object, { readonly dist: string }> {
  return {
    command: "verify <dist>",
    describe: "decode the artifacts of an output folder again and compare every integer, scale and zero point",
    builder: (args) =>
      args
        .positional("dist", { type: "string", demandOption: true, describe: "the folder that --out named" })
        .example("$0 verify dist/", ""),
    async handler({ dist }) {
      const { verifyOutput } = await import("@vlm-export/compiler");
      const results = await verifyOutput(dist, {
        backends: await findBackends(site.output),
        environment: process.env,
        signal: site.signal,
      });
      for (const { diagnostics } of results) for (const diagnostic of diagnostics) site.output.message(diagnostic);
      const isProven = results.every(({ proof }) => proof !== undefined && proof.tensorsDifferent === 0);
      if (!isProven) site.exitCode = EXIT.verify;
      const rows = results.map(({ target, proof, diagnostics }) => [
        target,
        proof ? `${proof.tensorsCompared - proof.tensorsDifferent} of ${proof.tensorsCompared} equal` : "not proven",
        proof?.decoder ?? "",
        diagnostics.length,
      ]);
      site.output.answer(table(["target", "integers and scales", "decoder", "findings"], rows), {
        ok: isProven,
        targets: Object.fromEntries(results.map(({ target, ...rest }) => [target, rest])),
      });
    },
  };
}

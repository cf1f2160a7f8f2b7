import { textTable } from "@vlm-export/ir";
import type { CommandModule } from "yargs";
import type { CommandSite } from "../command-site.js";
import { surveyBackends } from "../common.js";
import { EXIT } from "../exit-codes.js";

/** `doctor`: which engines and tools are here, and the command that gets what is missing. */
export function doctorCommand(site: CommandSite): CommandModule {
  return {
    command: "doctor",
    describe: "show what is installed, what is missing and how to get it",
    builder: (args) => args.example("$0 doctor", ""),
    async handler() {
      const { inspectSetup } = await import("@vlm-export/compiler");
      const checks = await inspectSetup({ ...(await surveyBackends()), environment: process.env });
      if (checks.some(({ status }) => status === "missing" || status === "broken")) site.exitCode = EXIT.tool;
      site.output.answer(
        textTable(
          ["what", "status", "found", "how to get it"],
          checks.map(({ what, status, found, hint }) => [what, status, found, hint ?? ""]),
        ),
        { checks },
      );
    },
  };
}

import type { CommandModule } from "yargs";
import yargs from "yargs";
import type { CommandSite } from "./command-site.js";
import { backendCommand } from "./commands/backend.js";
import { doctorCommand } from "./commands/doctor.js";
import { evalCommand } from "./commands/eval.js";
import { exportCommand } from "./commands/export.js";
import { inspectCommand } from "./commands/inspect.js";
import { planCommand } from "./commands/plan.js";
import { recipeCommand } from "./commands/recipe.js";
import { verifyCommand } from "./commands/verify.js";
import { cliUsage, fromUnknown } from "./errors.js";
import { exitCodeOf, EXIT } from "./exit-codes.js";
import { createOutput } from "./output.js";
import { VERSION } from "./version.js";

const COMMANDS = [exportCommand, inspectCommand, planCommand, verifyCommand, evalCommand, recipeCommand, backendCommand, doctorCommand];

/** Reads the command line, runs the command that it names and returns the exit code, as `main` promises. */
export async function runCommand(argv: readonly string[], signal: AbortSignal): Promise<number> {
  const output = createOutput({ json: argv.includes("--json"), quiet: argv.includes("--quiet") });
  const site: CommandSite = { output, signal, exitCode: EXIT.ok };
  try {
    await parser(argv, site).parseAsync();
    return site.exitCode;
  } catch (error) {
    const known = fromUnknown(error, signal.aborted);
    output.failure(known);
    return exitCodeOf(known);
  }
}

function parser(argv: readonly string[], site: CommandSite): ReturnType<typeof yargs> {
  const builder = yargs([...argv])
    .scriptName("vlm-export")
    .locale("en") // the rest of each message is English too
    .usage("Quantize once, lower everywhere, prove it.")
    .parserConfiguration({ "camel-case-expansion": true, "boolean-negation": false })
    .option("json", { type: "boolean", default: false, describe: "print one JSON document on stdout" })
    .option("quiet", { type: "boolean", default: false, describe: "no progress, no warnings" })
    .strict()
    .check(refuseRepeats, true)
    .demandCommand(0)
    .recommendCommands()
    .version(VERSION)
    .help()
    .wrap(Math.min(120, process.stdout.columns ?? 120))
    .exitProcess(false)
    .fail((message: string | null, error: Error | undefined) => {
      throw error ?? cliUsage(message ?? "wrong usage");
    });
  return COMMANDS.reduce((all, command) => all.command(command(site) as CommandModule), builder);
}

/** Options that take lists; the others are given once. */
const LISTS: ReadonlySet<string> = new Set(["_", "target", "t"]);

function refuseRepeats(args: Readonly<Record<string, unknown>>): true {
  const repeats = Object.keys(args).filter((name) => !LISTS.has(name) && Array.isArray(args[name]));
  const repeated = repeats.find((name) => name.length > 1);
  if (repeated !== undefined) throw cliUsage(`--${repeated} is given more than once.`);
  return true;
}

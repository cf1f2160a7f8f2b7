import { writeSync } from "node:fs";
import type { CommandModule } from "yargs";
import yargs from "yargs";
import type { CommandSite, RunningPlugin } from "./command-site.js";
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
import { isFlagOn } from "./flags.js";
import { createOutput, type Output, type OutputMode, type Sinks } from "./output.js";
import { type ProcessWatch, watchProcess } from "./process-watch.js";
import { ownStdout } from "./stdout.js";
import { explainedUsage, type KnownWords, WrongUsage } from "./usage.js";
import { VERSION } from "./version.js";
import { parserWords } from "./words.js";

const COMMANDS = [exportCommand, inspectCommand, planCommand, verifyCommand, evalCommand, recipeCommand, backendCommand, doctorCommand];

/** Reads the command line, runs the command that it names and returns the exit code, as `main` promises. */
export async function runCommand(argv: readonly string[], signal: AbortSignal): Promise<number> {
  const mode: OutputMode = { json: isFlagOn(argv, "json"), quiet: isFlagOn(argv, "quiet") };
  const stdout = ownStdout({ alone: mode.json && !isFlagOn(argv, "help") && !argv.includes("-h") });
  const output = createOutput(mode, { stdout: stdout.write, stderr: (text) => void process.stderr.write(text) });
  const running: RunningPlugin = {};
  const watch = watchProcess(signal, (why) => createOutput(mode, AT_EXIT).failure(why), { running });
  try {
    return await outcome(argv, output, { ...watch, running, quiet: mode.quiet });
  } finally {
    watch.end();
    stdout.release();
  }
}

/** Ways out that are done when they return: while the process ends, nothing else is waited for. */
const AT_EXIT: Sinks = { stdout: (text) => void writeSync(1, text), stderr: (text) => void writeSync(2, text) };

/** Runs the command and prints its answer, or what went wrong; the answer waits for its end, as something can go wrong after it. */
async function outcome(
  argv: readonly string[],
  output: Output,
  { running, quiet, ...watch }: ProcessWatch & Pick<CommandSite, "running" | "quiet">,
): Promise<number> {
  let print = (): void => undefined;
  const answer: Output["answer"] = (text, document) => {
    print = () => output.answer(text, document);
  };
  const site: CommandSite = { output: { ...output, answer }, quiet, signal: watch.signal, running, exitCode: EXIT.ok };
  const error = await problemOf(argv, site);
  const mishap = watch.mishap();
  if (mishap === undefined && error === undefined) {
    print();
    return site.exitCode;
  }
  output.failure(mishap ?? error?.problem);
  if (mishap === undefined) return exitCodeOf(error?.problem);
  return mishap.kind === "verify" ? EXIT.verify : EXIT.bug; // laid to a plugin, or to nobody
}

/** What ended the command before its end, if anything did. */
async function problemOf(argv: readonly string[], site: CommandSite): Promise<{ readonly problem: unknown } | undefined> {
  const commands = parser(parserWords(argv), site);
  try {
    await commands.parseAsync();
    return undefined;
  } catch (error) {
    if (error instanceof WrongUsage) return { problem: await explainedUsage(error, argv, knownWords(commands, site)) };
    return { problem: fromUnknown(error, site.signal.aborted) };
  }
}

function knownWords(commands: ReturnType<typeof parser>, site: CommandSite): KnownWords {
  const { key } = (commands as unknown as { getOptions(): { readonly key: object } }).getOptions(); // public, and missing in the types
  return { commands: COMMANDS.map((command) => String(command(site).command).split(" ", 1).join()), options: Object.keys(key) };
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
    .check(refuseEmpty, true)
    .demandCommand(0)
    .recommendCommands()
    .version(VERSION)
    .help()
    .alias("help", "h")
    .wrap(Math.min(120, process.stdout.columns ?? 120))
    .exitProcess(false)
    .fail((message: string | null, error: Error | undefined) => {
      const isParsers = error === undefined || error.name === "YError"; // else a command threw it
      throw isParsers ? new WrongUsage(error?.message ?? message ?? "wrong usage") : error;
    });
  return COMMANDS.reduce((all, command) => all.command(command(site) as CommandModule), builder);
}

/** Options that take lists; the others are given once. */
const LISTS: ReadonlySet<string> = new Set(["_", "target", "t", "plugin"]);

function refuseRepeats(args: Readonly<Record<string, unknown>>): true {
  const repeats = Object.keys(args).filter((name) => !LISTS.has(name) && Array.isArray(args[name]));
  const repeated = repeats.find((name) => name.length > 1);
  if (repeated !== undefined) throw cliUsage(`--${repeated} is given more than once.`);
  return true;
}

/** What an empty variable leaves: as a path it would name the working folder. */
function refuseEmpty(args: Readonly<Record<string, unknown>>): true {
  const empty = Object.keys(args).find((name) => name.length > 1 && [args[name]].flat().includes(""));
  if (empty !== undefined) throw cliUsage(`${empty} is empty; a variable on the command line may not be set.`);
  return true;
}

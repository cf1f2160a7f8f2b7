import { existsSync } from "node:fs";
import type { VxError } from "@vlm-export/ir";
import { cliUsage } from "./errors.js";
import { isPath } from "./targets.js";

/** The parser refuses the command line. */
export class WrongUsage extends Error {
  override readonly name = "WrongUsage";
}

/** What the command line could have named. */
export interface KnownWords {
  readonly commands: readonly string[];
  /** Of the command that was read, without dashes. */
  readonly options: readonly string[];
}

/** The error for a command line that the parser refuses, with the command and the options that were likely meant. */
export async function explainedUsage({ message }: WrongUsage, argv: readonly string[], known: KnownWords): Promise<VxError> {
  const { nearest } = await import("@vlm-export/recipe");
  const meant = [
    ...unknownCommand(argv, known).map((word) => nearest(word, known.commands)),
    ...unknownOptions(argv, known).map((word) => nearest(word, known.options)?.replace(/^/, "--")),
  ].filter((word) => word !== undefined);
  const suggestion = meant.length > 0 ? `Did you mean ${meant.join(" and ")}? ` : "";
  return cliUsage(plain(message, argv), `${optionsBehind(argv)}${swallowedModel(argv)}${suggestion}`);
}

function optionsBehind(argv: readonly string[]): string {
  const end = argv.indexOf("--");
  return end >= 0 && argv.slice(end).some((word) => /^--?./.test(word) && word !== "--")
    ? "Behind -- nothing is an option: write options before it. "
    : "";
}

/** An empty variable after --target leaves the next word to it, which is often the model. */
function swallowedModel(argv: readonly string[]): string {
  const path = argv.find((word, i) => /^(?:-t|--target)$/.test(argv[i - 1] ?? "") && isPath(word));
  return path === undefined ? "" : `${path} stands where --target takes the name of a backend. `;
}

/** The first word, where it is neither a command nor a file that could be a model. */
function unknownCommand(argv: readonly string[], { commands }: KnownWords): readonly string[] {
  const [word = "-"] = argv;
  return /^-|[./\\]/.test(word) || commands.includes(word) || existsSync(word) ? [] : [word];
}

function unknownOptions(argv: readonly string[], { options }: KnownWords): readonly string[] {
  const end = argv.indexOf("--");
  const given = (end < 0 ? argv : argv.slice(0, end)).filter((word) => word.startsWith("--"));
  return given.map((word) => word.slice(2).replace(/=.*$/s, "")).filter((name) => name.length > 1 && !options.includes(name));
}

const TOO_FEW = "Not enough non-option arguments";
const NO_VALUE = /^Not enough arguments following: (.*)$/s;

/** The parser's message in the words of a user. */
function plain(message: string, argv: readonly string[]): string {
  if (message.startsWith(TOO_FEW)) return tooFew(argv.filter((word) => !word.startsWith("-")));
  const option = NO_VALUE.exec(message)?.[1];
  if (option === undefined) return message;
  return `${option.length > 1 ? "--" : "-"}${option} needs a value.`;
}

/** Commands that are nothing without a second word. */
const SECOND_WORDS = { recipe: "init, validate, explain", backend: "list, test" } as const;

/** What is missing behind a command of several. */
export function wordMissing(command: keyof typeof SECOND_WORDS): string {
  return `${command} needs one of the words ${SECOND_WORDS[command]}.`;
}

function tooFew(words: readonly string[]): string {
  const [command] = words;
  if (words.length === 1 && (command === "recipe" || command === "backend")) return wordMissing(command);
  return "the model, file or folder that the command works on is missing.";
}

import { cliUsage } from "./errors.js";

/** How --target is read: one word each time, so that a model may stand after it. */
export const TARGET_OPTION = { alias: "t", type: "string", array: true, nargs: 1 } as const;

/** The targets that --target names, each once: it may be repeated, and one word may hold several between commas. */
export function targetNames(words: readonly string[]): readonly string[] {
  return [...new Set(words.flatMap((names) => names.split(",")))];
}

/** Whether a word is a file's, as of a model, and can be no target's name. */
export function isPath(word: string): boolean {
  return /\.onnx$|[/\\]/i.test(word);
}

/** As {@link targetNames}; throws VX-CLI-USAGE where there is none, and for a path. */
export function demandedTargets(words: readonly string[]): readonly string[] {
  const names = targetNames(words);
  if (names.length === 0) throw cliUsage("--target names no backend.");
  const path = names.find(isPath);
  if (path !== undefined) throw cliUsage(`--target is given ${path}, which is a path and no backend.`);
  return names;
}

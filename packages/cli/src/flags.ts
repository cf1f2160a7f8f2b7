/** Whether the command line turns the option `--NAME` on, in the forms that the parser takes: alone, `=true`, or before the word true. The last one counts. */
export function isFlagOn(argv: readonly string[], name: string): boolean {
  const end = argv.indexOf("--");
  const words = end < 0 ? argv : argv.slice(0, end);
  const at = words.findLastIndex((word) => word === `--${name}` || word.startsWith(`--${name}=`));
  if (at < 0) return false;
  const word = words[at] as string;
  return word.includes("=") ? word.endsWith("=true") : words[at + 1] !== "false";
}

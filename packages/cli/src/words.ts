/** Short options; each takes a value. */
const SHORT = /^-([ort])(?!=)(.+)$/s;

/**
 * The command line in the forms that the parser takes: a value joined to a short option (`-tNAME`) as a word of its own, and what stands
 * behind `--`, which the parser loses, as paths that can be neither options nor commands.
 */
export function parserWords(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf("--");
  const [before, behind] = end < 0 ? [argv, []] : [argv.slice(0, end), argv.slice(end + 1)];
  return [...before.flatMap(separated), ...behind.map(asPath)];
}

function separated(word: string): readonly string[] {
  const [, letter, value] = SHORT.exec(word) ?? [];
  return letter === undefined || value === undefined ? [word] : [`-${letter}`, value];
}

function asPath(word: string): string {
  return word.startsWith("-") || /^[a-z]+$/.test(word) ? `./${word}` : word;
}

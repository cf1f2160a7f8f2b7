/** The texts of a page's fenced code blocks of one language, in order. */
export function codeBlocks(markdown: string, language: string): readonly string[] {
  return [...markdown.matchAll(/^```(\w+)\n(.*?)^```$/gms)].filter(([, word]) => word === language).map(([, , text]) => text ?? "");
}

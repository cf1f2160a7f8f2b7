/** The text for a stdout that takes nothing more, as on a full disk. */
export function outputProblem(error: Error): string {
  return `error VX-CLI-OUTPUT: the answer cannot be written to stdout: ${error.message}.\n`;
}

/** What a broken law is reported with. */
export class ConformanceError extends Error {
  override readonly name = "ConformanceError";
}

/** Runs `work` on every item in order, at most `limit` at one time. The first failure rejects, after the running ones have ended. */
export async function mapLimited<T>(items: Iterable<T>, limit: number, work: (item: T) => Promise<void>): Promise<void> {
  const iterator = items[Symbol.iterator]();
  const failures: unknown[] = [];
  const worker = async (): Promise<void> => {
    for (let next = iterator.next(); !next.done && failures.length === 0; next = iterator.next()) {
      await work(next.value).catch((error: unknown) => failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: Math.max(limit, 1) }, worker));
  if (failures.length > 0) throw failures[0];
}

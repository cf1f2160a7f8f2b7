/** All items in order, after `look` has had the first `count` of them (or all, if there are fewer). */
export async function* withHead<T>(items: AsyncIterable<T>, count: number, look: (head: readonly T[]) => Promise<void>): AsyncGenerator<T> {
  const head: T[] = [];
  let isOpen = true;
  for await (const item of items) {
    if (!isOpen) {
      yield item;
      continue;
    }
    head.push(item);
    if (head.length < count) continue;
    isOpen = false;
    await look(head);
    yield* head;
  }
  if (!isOpen) return;
  if (head.length > 0) await look(head);
  yield* head;
}

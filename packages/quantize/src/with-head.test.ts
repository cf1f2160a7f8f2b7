import { expect, test } from "vitest";
import { withHead } from "./with-head.js";

async function* numbers(count: number): AsyncGenerator<number> {
  for (let i = 0; i < count; i += 1) yield i;
}

test.each([0, 1, 2, 3, 5])("all %i items come in order, after a look at the first two or at all", async (count) => {
  const seen: (number | string)[] = [];
  for await (const item of withHead(numbers(count), 2, async (head) => void seen.push(`look ${head.join()}`))) seen.push(item);
  const all = Array.from({ length: count }, (_, i) => i);
  expect(seen).toEqual(count === 0 ? [] : [`look ${all.slice(0, 2).join()}`, ...all]);
});

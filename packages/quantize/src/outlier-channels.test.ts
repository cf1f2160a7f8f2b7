import { expect, test } from "vitest";
import { outlierChannels } from "./outlier-channels.js";

test("a channel far above the others is found, equal channels are not", () => {
  const absmax = new Float32Array(100).fill(1);
  absmax[17] = 50;
  expect(outlierChannels(absmax, 3)).toEqual([17]);
  expect(outlierChannels(new Float32Array(100).fill(2), 3)).toEqual([]);
  expect(outlierChannels(new Float32Array(0), 3)).toEqual([]);
});

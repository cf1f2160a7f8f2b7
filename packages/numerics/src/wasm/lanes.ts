/** (lane0 + lane1) + (lane2 + lane3) of four neighbours in `lanes`. */
export function sumOfLanes(lanes: Float64Array, at: number): number {
  const [a, b, c, d] = [lanes[at] as number, lanes[at + 1] as number, lanes[at + 2] as number, lanes[at + 3] as number];
  return a + b + (c + d);
}

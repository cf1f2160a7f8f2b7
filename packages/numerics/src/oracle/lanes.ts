/**
 * Σ term(i) for i in [0, count) in f64, in the fixed order that the SIMD kernels use: term i goes to lane i mod 4 and the result is
 * (lane0 + lane1) + (lane2 + lane3).
 */
export function sumOfLanes(count: number, term: (index: number) => number): number {
  const lanes: [number, number, number, number] = [0, 0, 0, 0];
  for (let i = 0; i < count; i += 1) lanes[(i % 4) as 0 | 1 | 2 | 3] += term(i);
  return lanes[0] + lanes[1] + (lanes[2] + lanes[3]);
}

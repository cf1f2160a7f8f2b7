/**
 * A layout is a permutation: stored axis i is logical axis `layout[i]`. The logical shape is the graph's, the stored one
 * the artifact's. Everything here is algebra on permutations; no shape is ever guessed at.
 */
export type Layout = readonly number[];

/** Stored as in the graph. */
export function rowMajor(rank: number): Layout {
  return Array.from({ length: rank }, (_, axis) => axis);
}

/** Channels last: logical [N, C, ...spatial] is stored [N, ...spatial, C]. */
export function channelsLast(rank: number): Layout {
  return [0, ...Array.from({ length: rank - 2 }, (_, i) => i + 2), 1];
}

/** Extents in stored order. */
export function storedShape(shape: readonly number[], layout: Layout): readonly number[] {
  return layout.map((axis) => shape[axis] ?? 1);
}

/** Where logical `axis` lies in storage. */
export function storedAxis(layout: Layout, axis: number): number {
  return layout.indexOf(axis);
}

/** The layout with logical `axis` stored last and the others as they are. */
export function withLast(layout: Layout, axis: number): Layout {
  return [...layout.filter((other) => other !== axis), axis];
}

/** Layout of `transpose(x, permutation)` over the same bytes: logical axis j of the result is axis `permutation[j]` of x. */
export function transposed(layout: Layout, permutation: readonly number[]): Layout {
  return layout.map((axis) => permutation.indexOf(axis));
}

/** True when both layouts put the elements in the same order: axes of extent 1 do not count. */
export function sameOrder(shape: readonly number[], a: Layout, b: Layout): boolean {
  const counted = (layout: Layout) => layout.filter((axis) => shape[axis] !== 1);
  return String(counted(a)) === String(counted(b));
}

interface Group {
  readonly from: readonly number[];
  readonly to: readonly number[];
}

/**
 * Layout of `reshape(x, to)` over the same bytes, or undefined when x must be put in row-major order first. The two shapes
 * are cut into the smallest groups of axes with equal products; a group may lie anywhere in storage as long as its axes
 * stay together and in order. Extents must not be 0.
 */
export function reshaped(from: readonly number[], layout: Layout, to: readonly number[]): Layout | undefined {
  const groups = groupsOf(from, to);
  const stored = layout.filter((axis) => from[axis] !== 1);
  const ordered = [...groups].sort((a, b) => stored.indexOf(a.from[0] ?? 0) - stored.indexOf(b.from[0] ?? 0));
  if (String(ordered.flatMap((group) => group.from)) !== String(stored)) return undefined;
  return withUnitAxes(
    ordered.flatMap((group) => group.to),
    to,
  );
}

/** The layout nearest to `layout` from which `reshape(x, to)` moves no byte: the axes of each group put together, in order. */
export function regrouped(from: readonly number[], layout: Layout, to: readonly number[]): Layout {
  const at = (group: Group) => Math.min(...group.from.map((axis) => layout.indexOf(axis)));
  const wide = [...groupsOf(from, to)].sort((a, b) => at(a) - at(b)).flatMap((group) => group.from);
  return withUnitAxes(wide, from);
}

function groupsOf(from: readonly number[], to: readonly number[]): readonly Group[] {
  const wide = (shape: readonly number[]) => shape.flatMap((extent, axis) => (extent === 1 ? [] : [axis]));
  const [left, right] = [wide(from), wide(to)];
  const groups: Group[] = [];
  while (left.length > 0 && right.length > 0) {
    const group = { from: [left.shift() ?? 0], to: [right.shift() ?? 0] };
    for (let [a, b] = productsOf(group, from, to); a !== b; [a, b] = productsOf(group, from, to)) {
      const next = a < b ? left.shift() : right.shift();
      if (next === undefined) return [];
      (a < b ? group.from : group.to).push(next);
    }
    groups.push(group);
  }
  return groups;
}

function productsOf(group: Group, from: readonly number[], to: readonly number[]): readonly [number, number] {
  const product = (axes: readonly number[], shape: readonly number[]) => axes.reduce((total, axis) => total * (shape[axis] ?? 1), 1);
  return [product(group.from, from), product(group.to, to)];
}

/** Puts each axis of extent 1 behind its logical predecessor, so that an ordered layout becomes row-major. */
function withUnitAxes(wide: readonly number[], shape: readonly number[]): Layout {
  const layout = [...wide];
  shape.forEach((extent, axis) => {
    if (extent === 1) layout.splice(layout.indexOf(axis - 1) + 1, 0, axis);
  });
  return layout;
}

/** How a tensor is read as a matrix whose errors are summed by channel, each error times a weight of its own. */
export interface ErrorLayout {
  readonly columns: number;
  /** Which index is the channel: errors are summed along each row, or along each column. */
  readonly channel: "row" | "column";
  /**
   * By column (`channel` "row"; one set of them for each of the equal groups of rows, one after the other) or by row (`channel` "column").
   */
  readonly weights: Float32Array;
  /** Groups of rows; 1 for `channel` "column". */
  readonly groups: number;
  /** Rows of the whole tensor. */
  readonly rows: number;
}

/** Sums of neighbouring channels, the first of which has number `first`. */
export interface ChannelErrors {
  readonly first: number;
  readonly sums: Float64Array;
}

/** Σ weight · (x − restored) by channel in f64, over elements [start, start + x.length) of the whole tensor in order. */
export function channelErrors(x: Float32Array, restored: Float32Array, layout: ErrorLayout, start: number): ChannelErrors {
  return layout.channel === "row" ? byRow(x, restored, layout, start) : byColumn(x, restored, layout, start);
}

function byRow(x: Float32Array, restored: Float32Array, { columns, weights, groups, rows }: ErrorLayout, start: number): ChannelErrors {
  const first = Math.floor(start / columns);
  const sums = new Float64Array(Math.ceil((start + x.length) / columns) - first);
  for (let row = first, i = 0; i < x.length; row += 1) {
    const group = Math.floor((row * groups) / rows) * columns;
    const shift = group - row * columns + start; // of element i's weight
    const end = Math.min((row + 1) * columns - start, x.length);
    let sum = 0;
    for (; i < end; i += 1) sum += ((x[i] as number) - (restored[i] as number)) * (weights[i + shift] as number);
    sums[row - first] = sum;
  }
  return { first, sums };
}

function byColumn(x: Float32Array, restored: Float32Array, { columns, weights }: ErrorLayout, start: number): ChannelErrors {
  const sums = new Float64Array(columns);
  for (let row = Math.floor(start / columns), i = 0; i < x.length; row += 1) {
    const weight = weights[row] as number;
    const shift = start - row * columns; // of element i's column
    const end = Math.min((row + 1) * columns - start, x.length);
    for (; i < end; i += 1) sums[i + shift] = (sums[i + shift] as number) + ((x[i] as number) - (restored[i] as number)) * weight;
  }
  return { first: 0, sums };
}

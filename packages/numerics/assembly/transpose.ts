/** Rows and columns that are moved together, so that the lines they touch stay in the first-level cache. */
const BLOCK: i32 = 16;

/** out[c, r] = in[r, c] for T-sized elements; both tiles are dense. */
// @ts-ignore: decorator
@inline
function transpose<T>(src: usize, dst: usize, rows: i32, columns: i32): void {
  const rowBytes = <usize>columns * sizeof<T>();
  const columnBytes = <usize>rows * sizeof<T>();
  for (let row: i32 = 0; row < rows; row += BLOCK) {
    const height = min<i32>(BLOCK, rows - row);
    for (let column: i32 = 0; column < columns; column++) {
      let from = src + <usize>row * rowBytes + <usize>column * sizeof<T>();
      let to = dst + <usize>column * columnBytes + <usize>row * sizeof<T>();
      for (let i: i32 = 0; i < height; i++) {
        store<T>(to, load<T>(from));
        from += rowBytes;
        to += sizeof<T>();
      }
    }
  }
}

export function transpose1(src: usize, dst: usize, rows: i32, columns: i32): void {
  transpose<u8>(src, dst, rows, columns);
}

export function transpose2(src: usize, dst: usize, rows: i32, columns: i32): void {
  transpose<u16>(src, dst, rows, columns);
}

export function transpose4(src: usize, dst: usize, rows: i32, columns: i32): void {
  transpose<u32>(src, dst, rows, columns);
}

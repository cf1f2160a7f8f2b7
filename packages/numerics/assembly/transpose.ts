/** out[c, r] = in[r, c] for T-sized elements; both tiles are dense. */
// @ts-ignore: decorator
@inline
function transpose<T>(src: usize, dst: usize, rows: i32, columns: i32): void {
  const rowBytes = <usize>columns * sizeof<T>();
  for (let column: i32 = 0; column < columns; column++) {
    let from = src + <usize>column * sizeof<T>();
    for (let row: i32 = 0; row < rows; row++) {
      store<T>(dst, load<T>(from));
      from += rowBytes;
      dst += sizeof<T>();
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

/** One nibble of each of two neighbouring bytes, joined: (even & 15) | (odd & 15) << 4, in 16-bit lanes. */
// @ts-ignore: decorator
@inline
function joinNibbles(codes: v128): v128 {
  return v128.or(v128.and(codes, i16x8.splat(0x000f)), v128.and(i16x8.shr_u(codes, 4), i16x8.splat(0x00f0)));
}

/** Two bits of each of two neighbouring bytes, joined: (even & 3) | (odd & 3) << 2, in 16-bit lanes. */
// @ts-ignore: decorator
@inline
function joinPairs(codes: v128): v128 {
  return v128.or(v128.and(codes, i16x8.splat(0x0003)), v128.and(i16x8.shr_u(codes, 6), i16x8.splat(0x000c)));
}

/** `count` one-byte codes to nibbles, element 0 in the low nibble; a missing last element is 0. */
export function pack4(src: usize, dst: usize, count: i32): void {
  let i: i32 = 0;
  for (; i <= count - 32; i += 32) {
    v128.store(dst, i8x16.narrow_i16x8_u(joinNibbles(v128.load(src)), joinNibbles(v128.load(src, 16))));
    src += 32;
    dst += 16;
  }
  for (; i < count; i += 2) {
    const high: i32 = i + 1 < count ? load<u8>(src, 1) & 15 : 0;
    store<u8>(dst, <u8>((load<u8>(src) & 15) | (high << 4)));
    src += 2;
    dst += 1;
  }
}

/** `count` one-byte codes to 2-bit fields, element 0 in the lowest bits; missing last elements are 0. */
export function pack2(src: usize, dst: usize, count: i32): void {
  let i: i32 = 0;
  for (; i <= count - 64; i += 64) {
    const low = i8x16.narrow_i16x8_u(joinPairs(v128.load(src)), joinPairs(v128.load(src, 16)));
    const high = i8x16.narrow_i16x8_u(joinPairs(v128.load(src, 32)), joinPairs(v128.load(src, 48)));
    v128.store(dst, i8x16.narrow_i16x8_u(joinNibbles(low), joinNibbles(high)));
    src += 64;
    dst += 16;
  }
  for (; i < count; i += 4) {
    let byte: i32 = 0;
    for (let k: i32 = 0; k < 4 && i + k < count; k++) byte |= (load<u8>(src + k) & 3) << (k << 1);
    store<u8>(dst, <u8>byte);
    src += 4;
    dst += 1;
  }
}

/** Interleaves the low 8 bytes of two vectors. */
// @ts-ignore: decorator
@inline
function zipLow(even: v128, odd: v128): v128 {
  return i8x16.shuffle(even, odd, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}

// @ts-ignore: decorator
@inline
function zipHigh(even: v128, odd: v128): v128 {
  return i8x16.shuffle(even, odd, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}

/** Inverse of pack4: `count` codes, one byte each. `sign` is 8 for signed codes and 0 for unsigned: code = (nibble ^ sign) − sign. */
export function unpack4(src: usize, dst: usize, count: i32, sign: i32): void {
  const sign16 = i8x16.splat(<i8>sign);
  let i: i32 = 0;
  for (; i <= count - 32; i += 32) {
    const bytes = v128.load(src);
    const even = i8x16.sub(v128.xor(v128.and(bytes, i8x16.splat(15)), sign16), sign16);
    const odd = i8x16.sub(v128.xor(i8x16.shr_u(bytes, 4), sign16), sign16);
    v128.store(dst, zipLow(even, odd));
    v128.store(dst, zipHigh(even, odd), 16);
    src += 16;
    dst += 32;
  }
  for (; i < count; i++) {
    const nibble: i32 = (load<u8>(src) >> ((i & 1) << 2)) & 15;
    store<i8>(dst, <i8>((nibble ^ sign) - sign));
    src += i & 1;
    dst += 1;
  }
}

/** Inverse of pack2. `sign` is 2 for signed codes and 0 for unsigned. */
export function unpack2(src: usize, dst: usize, count: i32, sign: i32): void {
  const sign16 = i8x16.splat(<i8>sign);
  const three = i8x16.splat(3);
  let i: i32 = 0;
  for (; i <= count - 32; i += 32) {
    const bytes = v128.load64_zero(src);
    const nibbles = zipLow(v128.and(bytes, i8x16.splat(15)), i8x16.shr_u(bytes, 4));
    const even = i8x16.sub(v128.xor(v128.and(nibbles, three), sign16), sign16);
    const odd = i8x16.sub(v128.xor(i8x16.shr_u(nibbles, 2), sign16), sign16);
    v128.store(dst, zipLow(even, odd));
    v128.store(dst, zipHigh(even, odd), 16);
    src += 8;
    dst += 32;
  }
  for (; i < count; i++) {
    const pair: i32 = (load<u8>(src) >> ((i & 3) << 1)) & 3;
    store<i8>(dst, <i8>((pair ^ sign) - sign));
    src += <usize>((i & 3) == 3);
    dst += 1;
  }
}

/** `count` binary16 values to f32, exact; writes up to 7 more. */
export function f16ToF32(src: usize, dst: usize, count: i32): void {
  const magnitudes = i16x8.splat(0x7fff);
  const smallestNormal = i16x8.splat(0x400);
  const normals = i16x8.splat(0x7800);
  for (let i: i32 = 0; i < count; i += 8) {
    const magnitude = v128.and(v128.load(src), magnitudes);
    if (v128.any_true(i16x8.ge_u(i16x8.sub(magnitude, smallestNormal), normals))) {
      v128.store(dst, widened4(v128.load16x4_u(src)));
      v128.store(dst, widened4(v128.load16x4_u(src, 8)), 16);
    } else {
      v128.store(dst, widenedNormal4(v128.load16x4_s(src)));
      v128.store(dst, widenedNormal4(v128.load16x4_s(src, 8)), 16);
    }
    src += 16;
    dst += 32;
  }
}

/** Normal numbers only: the sign-extended half shifted into place, its exponent raised from bias 15 to bias 127. */
// @ts-ignore: decorator
@inline
function widenedNormal4(half: v128): v128 {
  return i32x4.add(v128.and(i32x4.shl(half, 13), i32x4.splat(0x8fffffff)), i32x4.splat(0x38000000));
}

/** Any numbers: subnormals by an exact product, infinity and NaN by raising the exponent once more. */
// @ts-ignore: decorator
@inline
function widened4(half: v128): v128 {
  const rebias = i32x4.splat(0x38000000);
  const magnitude = v128.and(half, i32x4.splat(0x7fff));
  const normal = i32x4.add(i32x4.shl(magnitude, 13), rebias);
  const special = v128.and(i32x4.ge_s(magnitude, i32x4.splat(0x7c00)), rebias);
  const subnormal = f32x4.mul(f32x4.convert_i32x4_s(magnitude), f32x4.splat(5.9604644775390625e-8));
  const value = v128.bitselect(subnormal, i32x4.add(normal, special), i32x4.lt_s(magnitude, i32x4.splat(0x400)));
  return v128.or(value, i32x4.shl(v128.and(half, i32x4.splat(0x8000)), 16));
}

/** `count` bfloat16 values to f32, exact; writes up to 3 more. */
export function bf16ToF32(src: usize, dst: usize, count: i32): void {
  for (let i: i32 = 0; i < count; i += 4) {
    v128.store(dst, i32x4.shl(v128.load16x4_u(src), 16));
    src += 8;
    dst += 16;
  }
}

/** `count` f32 to binary16, half to even, overflow to infinity, NaN quiet; writes up to 3 more. */
export function f32ToF16(src: usize, dst: usize, count: i32): void {
  const smallestNormal = i32x4.splat(0x38800000);
  const normals = i32x4.splat(0x477ff000 - 0x38800000);
  for (let i: i32 = 0; i < count; i += 4) {
    const bits = v128.load(src);
    const magnitude = v128.and(bits, i32x4.splat(0x7fffffff));
    const odd = v128.and(i32x4.shr_u(magnitude, 13), i32x4.splat(1));
    let half = i32x4.shr_u(i32x4.add(i32x4.add(magnitude, i32x4.splat(0xfff - 0x38000000)), odd), 13);
    if (v128.any_true(i32x4.ge_u(i32x4.sub(magnitude, smallestNormal), normals))) half = narrowed4(magnitude, half);
    half = v128.or(half, v128.and(i32x4.shr_u(bits, 16), i32x4.splat(0x8000)));
    v128.store64_lane(dst, i16x8.narrow_i32x4_u(half, half), 0);
    src += 16;
    dst += 8;
  }
}

/** `normal` with the lanes replaced whose magnitude gives a subnormal half, infinity or NaN. */
// @ts-ignore: decorator
@inline
function narrowed4(magnitude: v128, normal: v128): v128 {
  const subnormal = i32x4.sub(f32x4.add(magnitude, f32x4.splat(0.5)), i32x4.splat(0x3f000000));
  let half = v128.bitselect(subnormal, normal, i32x4.lt_s(magnitude, i32x4.splat(0x38800000)));
  half = v128.bitselect(i32x4.splat(0x7c00), half, i32x4.ge_s(magnitude, i32x4.splat(0x477ff000)));
  const nan = v128.or(i32x4.splat(0x7e00), v128.and(i32x4.shr_u(magnitude, 13), i32x4.splat(0x3ff)));
  return v128.bitselect(nan, half, i32x4.gt_s(magnitude, i32x4.splat(0x7f800000)));
}

/** `count` f32 to bfloat16, half to even, NaN quiet; writes up to 3 more. */
export function f32ToBf16(src: usize, dst: usize, count: i32): void {
  for (let i: i32 = 0; i < count; i += 4) {
    const bits = v128.load(src);
    const top = i32x4.shr_u(bits, 16);
    const odd = v128.and(top, i32x4.splat(1));
    const rounded = i32x4.shr_u(i32x4.add(i32x4.add(bits, i32x4.splat(0x7fff)), odd), 16);
    const nan = i32x4.gt_s(v128.and(bits, i32x4.splat(0x7fffffff)), i32x4.splat(0x7f800000));
    const value = v128.bitselect(v128.or(top, i32x4.splat(0x40)), rounded, nan);
    v128.store64_lane(dst, i16x8.narrow_i32x4_u(value, value), 0);
    src += 16;
    dst += 8;
  }
}

/** Seeded random numbers for generated models: xoshiro128** (Blackman and Vigna 2018) seeded by splitmix32. */

function splitmix32(seed) {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let z = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return z ^ (z >>> 16);
  };
}

/** A generator of uniform numbers in [0, 1) and of normal numbers (Box-Muller). */
export function randomOf(seed) {
  const next = splitmix32(seed);
  let [a, b, c, d] = [next(), next(), next(), next()];

  function uniform() {
    const scrambled = Math.imul(b, 5);
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = (d << 11) | (d >>> 21);
    return result / 4294967296;
  }

  function fillNormal(out, mean, std) {
    for (let i = 0; i < out.length; i += 2) {
      const radius = std * Math.sqrt(-2 * Math.log(1 - uniform()));
      const angle = 2 * Math.PI * uniform();
      out[i] = mean + radius * Math.cos(angle);
      if (i + 1 < out.length) out[i + 1] = mean + radius * Math.sin(angle);
    }
  }

  return { uniform, fillNormal, integer: (limit) => Math.floor(uniform() * limit) };
}

/** A seed for a tensor: FNV-1a of its name, mixed with the model's seed. */
export function seedOf(name, seed) {
  let hash = 0x811c9dc5 ^ seed;
  for (const byte of Buffer.from(name)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash;
}

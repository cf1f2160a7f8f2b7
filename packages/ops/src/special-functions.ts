const TWO_OVER_ROOT_PI = 2 / Math.sqrt(Math.PI);

/** Error function, to about 1e-15. Series for small |x|, continued fraction of the complement (Abramowitz and Stegun 7.1.6, 7.1.14) beyond. */
export function errorFunction(x: number): number {
  if (Number.isNaN(x)) return x;
  const magnitude = Math.abs(x);
  const value = magnitude < 2.5 ? erfSeries(magnitude) : 1 - erfcFraction(magnitude);
  return x < 0 || Object.is(x, -0) ? -value : value;
}

/** 2/√π · exp(−x²) · Σ 2ⁿ x²ⁿ⁺¹ / (1·3·…·(2n+1)) */
function erfSeries(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; term > sum * 1e-17; n += 1) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return TWO_OVER_ROOT_PI * Math.exp(-x * x) * sum;
}

/** erfc(x) = exp(−x²)/√π · 1/(x + (1/2)/(x + 1/(x + (3/2)/(x + …)))) */
function erfcFraction(x: number): number {
  if (x > 7) return 0;
  let tail = x;
  for (let k = 60; k >= 1; k -= 1) tail = x + k / 2 / tail;
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * tail);
}

/** 1 / (1 + exp(−x)), without overflow. */
export function logistic(x: number): number {
  return x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x));
}

/** ln(1 + exp(x)), without overflow. */
export function logOnePlusExp(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

const STEPS = 60;

/** The standard normal distribution's density integrated from 0 to `x` (Simpson's rule). */
function areaTo(x: number): number {
  const density = (t: number) => Math.exp(-(t * t) / 2) / Math.sqrt(2 * Math.PI);
  const width = x / STEPS;
  let sum = density(0) + density(x);
  for (let i = 1; i < STEPS; i++) sum += density(i * width) * (i % 2 === 0 ? 2 : 4);
  return (sum * width) / 3;
}

/** The deviate below which a share `p` (0.5 to 0.999) of a standard normal distribution lies, to about 1e-6. */
export function normalQuantile(p: number): number {
  let [low, high] = [0, 4];
  while (high - low > 1e-7) {
    const middle = (low + high) / 2;
    if (0.5 + areaTo(middle) < p) low = middle;
    else high = middle;
  }
  return Math.round(((low + high) / 2) * 1e6) / 1e6;
}

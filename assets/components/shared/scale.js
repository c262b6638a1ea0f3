/** Numbers to pixels and to words: round ticks, domains, the places of labels. */

/** @typedef {[number, number]} Range */
/** @typedef {((value: number) => number) & { invert: (pixel: number) => number }} Scale */

/** @param {number} value so that 0.1 + 0.2 is 0.3 on an axis */
const toTwelveDigits = (value) => Number(value.toPrecision(12));

/**
 * @param {Range} range
 * @param {number} wanted about how many
 * @returns {number[]} multiples of 1, 2 or 5 times a power of ten
 */
export function roundTicks([low, high], wanted) {
  const rough = (high - low) / Math.max(1, wanted);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * /** @type {number} */ ([1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999));
  const first = Math.ceil(low / step - 1e-9);
  const count = Math.floor(high / step + 1e-9) - first + 1;
  return Array.from({ length: Math.max(0, count) }, (_, i) => toTwelveDigits((first + i) * step));
}

/**
 * The data's range on whole ticks, so that the axis jumps seldom while the data grows.
 * @param {(number | null)[]} values
 * @returns {Range}
 */
export function niceRange(values) {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (value === null) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return [0, 1];
  if (low === high) {
    low -= Math.abs(low) / 10 || 0.5;
    high += Math.abs(high) / 10 || 0.5;
  }
  const ticks = roundTicks([low, high], 5);
  const step = ticks.length > 1 ? ticks[1] - ticks[0] : high - low;
  return [toTwelveDigits(Math.floor(low / step + 1e-9) * step), toTwelveDigits(Math.ceil(high / step - 1e-9) * step)];
}

/**
 * @param {Range} domain
 * @param {Range} pixels
 * @returns {Scale}
 */
export function linearScale([from, to], [start, end]) {
  const slope = (end - start) / (to - from);
  const invert = (/** @type {number} */ pixel) => from + (pixel - start) / slope;
  return Object.assign((/** @type {number} */ value) => start + (value - from) * slope, { invert });
}

/**
 * @param {number} value
 * @param {boolean} percent whether it is a fraction, shown in percent with one decimal; otherwise four digits
 */
export function formatNumber(value, percent) {
  if (percent) return `${(100 * value).toFixed(1)} %`;
  if (value && Math.abs(value) < 1e-3) return value.toExponential(2);
  return String(Number(value.toPrecision(4)));
}

/**
 * Push heights apart to the gap, in their order, and back from the floor.
 * @param {number[]} heights
 * @param {number} gap
 * @param {number} floor
 */
export function spreadApart(heights, gap, floor) {
  const order = heights.map((_, i) => i).sort((i, j) => heights[i] - heights[j]);
  const placed = [...heights];
  order.forEach((i, n) => {
    if (n) placed[i] = Math.max(placed[i], placed[order[n - 1]] + gap);
  });
  let limit = floor;
  for (const i of order.reverse()) {
    placed[i] = Math.min(placed[i], limit);
    limit = placed[i] - gap;
  }
  return placed;
}

/**
 * The point of a line at x: between two points, at the last one beyond them, null before the first.
 * @param {number[]} xs ascending
 * @param {(number | null)[]} ys
 * @param {number} x
 */
export function pointAt(xs, ys, x) {
  let i = xs.length - 1;
  while (i >= 0 && xs[i] > x) i -= 1;
  if (i < 0) return null;
  const [from, to] = [ys[i], ys[i + 1]];
  if (i === xs.length - 1 || from === null || to === null) return { x: xs[i], y: from };
  return { x, y: from + ((x - xs[i]) / (xs[i + 1] - xs[i])) * (to - from) };
}

/**
 * @param {number[]} xs
 * @param {number} x
 * @returns {number} the index of the value nearest to x
 */
export function nearestIndex(xs, x) {
  return xs.reduce((best, value, i) => (Math.abs(value - x) < Math.abs(xs[best] - x) ? i : best), 0);
}

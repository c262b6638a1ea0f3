// Numbers to pixels and to words: round ticks, domains, the label stack.
const round = (value) => Number(value.toPrecision(12)); // 0.1 + 0.2 is 0.3 on an axis
function ticks([low, high], wanted) {
  const rough = (high - low) / Math.max(1, wanted), power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999);
  const first = Math.ceil(low / step - 1e-9), count = Math.floor(high / step + 1e-9) - first + 1;
  return Array.from({ length: Math.max(0, count) }, (_, i) => round((first + i) * step));
}
// The data's range on whole ticks, so that the axis jumps seldom while the data grows.
function niceRange(values) {
  let low = Infinity, high = -Infinity;
  for (const value of values) if (value !== null) (low = Math.min(low, value)), (high = Math.max(high, value));
  if (low > high) return [0, 1];
  if (low === high) (low -= Math.abs(low) / 10 || 0.5), (high += Math.abs(high) / 10 || 0.5);
  const step = ticks([low, high], 5), size = step.length > 1 ? step[1] - step[0] : high - low;
  return [round(Math.floor(low / size + 1e-9) * size), round(Math.ceil(high / size - 1e-9) * size)];
}
function linear([from, to], [start, end]) {
  const slope = (end - start) / (to - from);
  return Object.assign((value) => start + (value - from) * slope, { invert: (pixel) => from + (pixel - start) / slope });
}
// Four digits, or percent with one decimal.
const worded = (value, percent) =>
  percent ? `${(100 * value).toFixed(1)} %` : value && Math.abs(value) < 1e-3 ? value.toExponential(2) : String(Number(value.toPrecision(4)));
// Pushes heights apart to `gap`, in their order, and back from the floor.
function stack(heights, gap, floor) {
  const order = heights.map((_, i) => i).sort((i, j) => heights[i] - heights[j]), placed = [...heights];
  order.forEach((i, n) => n && (placed[i] = Math.max(placed[i], placed[order[n - 1]] + gap)));
  let limit = floor;
  for (const i of order.reverse()) (placed[i] = Math.min(placed[i], limit)), (limit = placed[i] - gap);
  return placed;
}
// Where x is reached between two points; the last point beyond them; null before the first.
function valueAt(xs, ys, x) {
  let i = xs.length - 1;
  while (i >= 0 && xs[i] > x) i -= 1;
  if (i < 0) return null;
  if (i === xs.length - 1 || ys[i] === null || ys[i + 1] === null) return { x: xs[i], y: ys[i] };
  return { x, y: ys[i] + ((x - xs[i]) / (xs[i + 1] - xs[i])) * (ys[i + 1] - ys[i]) };
}
const nearest = (xs, x) => xs.reduce((best, value, i) => (Math.abs(value - x) < Math.abs(xs[best] - x) ? i : best), 0);

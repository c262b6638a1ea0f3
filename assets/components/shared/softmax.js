// The arithmetic of softened probabilities: nats, log-softmax on both sides of a divergence.
function logSoftmax(logits, T) {
  const scaled = logits.map((z) => z / T); // z / Infinity is 0: uniform, as it should be
  const top = Math.max(...scaled);
  const total = top + Math.log(scaled.reduce((sum, z) => sum + Math.exp(z - top), 0));
  return scaled.map((z) => z - total);
}
// The expected value of a function of the class: entropy and divergence are both one.
const expected = (logs, values) => logs.reduce((sum, log, i) => sum + Math.exp(log) * values[i], 0);

const rounded = (value, digits) =>
  value === 0 || value >= 0.5 * 10 ** -digits ? value.toFixed(digits) : value.toExponential(0);

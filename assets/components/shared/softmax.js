/** The arithmetic of softened probabilities: nats, log-softmax on both sides of a divergence. */

/**
 * @param {number[]} logits
 * @param {number} T temperature, may be infinite
 */
export function logSoftmax(logits, T) {
  // z / Infinity is 0: uniform, as it should be.
  const scaled = logits.map((z) => z / T);
  const top = Math.max(...scaled);
  const total = top + Math.log(scaled.reduce((sum, z) => sum + Math.exp(z - top), 0));
  return scaled.map((z) => z - total);
}

/**
 * The expected value of a function of the class; entropy and divergence are both one.
 * @param {number[]} logs log-probabilities, one per class
 * @param {number[]} values of the function, one per class
 */
export function expectedValue(logs, values) {
  return logs.reduce((sum, log, i) => sum + Math.exp(log) * values[i], 0);
}

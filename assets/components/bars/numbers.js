/** How a probability or a number of nats is written. */

/**
 * @param {number} value
 * @param {number} digits after the point; values too small for them are written with an exponent
 */
export function formatFixed(value, digits) {
  return value === 0 || value >= 0.5 * 10 ** -digits ? value.toFixed(digits) : value.toExponential(0);
}

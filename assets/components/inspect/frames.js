/** What one network said of all images after one epoch, unpacked from the text in which it travels. */

/** Confidence, entropy and places are whole numbers from 0 to this. */
export const FULL = 65535;
const COLUMNS = 5;

/**
 * Of every image the class chosen (-1 for no answer), the confidence, the entropy as a share of ln K, and the place.
 * @typedef {{ chosen: Int16Array, confidence: Uint16Array, uncertainty: Uint16Array, x: Uint16Array, y: Uint16Array }} Frame
 */

/**
 * @param {string} packed base64
 * @returns {ArrayBuffer}
 */
function unpacked(packed) {
  const letters = atob(packed);
  const bytes = new Uint8Array(letters.length);
  for (let i = 0; i < letters.length; i += 1) bytes[i] = letters.charCodeAt(i);
  return bytes.buffer;
}

/** @param {string} packed base64 of little-endian 16-bit numbers */
export const readIntegers = (packed) => new Int16Array(unpacked(packed));

/**
 * @param {string} packed base64 of two columns
 * @returns {{ x: Uint16Array, y: Uint16Array }}
 */
export function readPlaces(packed) {
  const both = new Uint16Array(unpacked(packed));
  return { x: both.subarray(0, both.length / 2), y: both.subarray(both.length / 2) };
}

/**
 * @param {string} packed base64 of five columns, one after the other
 * @returns {Frame}
 */
export function readFrame(packed) {
  const buffer = unpacked(packed);
  const count = buffer.byteLength / 2 / COLUMNS;
  const column = (/** @type {number} */ i) => new Uint16Array(buffer, 2 * i * count, count);
  return {
    chosen: new Int16Array(buffer, 0, count),
    confidence: column(1),
    uncertainty: column(2),
    x: column(3),
    y: column(4),
  };
}

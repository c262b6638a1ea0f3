/** A trained network in plain JavaScript: the forward pass of one image, as torch has it in evaluation mode. */

/**
 * As `PlainNetwork` in Python describes it.
 * @typedef {{ kind: "flatten" | "relu" | "pool" }
 *   | { kind: "linear", inputs: number, outputs: number }
 *   | { kind: "convolution", inputs: number, outputs: number, padding: number }
 *   | { kind: "batch_norm", channels: number }} Layer
 */

/**
 * @typedef {object} PlainNetwork
 * @property {[number, number, number]} shape channels, height and width of an image
 * @property {number[]} mean per channel
 * @property {number[]} sd per channel
 * @property {Layer[]} layers
 * @property {string} weights little-endian float32, in base64
 */

/** @typedef {(image: Uint8Array) => number[]} Forward */

/**
 * Values of `channels` maps of `height` by `width`; of a flat vector both are 1.
 * @typedef {{ values: Float32Array, channels: number, height: number, width: number }} Maps
 */

/** @typedef {(maps: Maps) => Maps} Step */

/**
 * @param {PlainNetwork} network
 * @returns {Forward} from an image of 0..255 to its logits
 */
export function forwardOf({ shape: [channels, height, width], mean, sd, layers, weights }) {
  const numbers = float32Of(weights);
  let taken = 0;
  const take = (/** @type {number} */ count) => {
    taken += count;
    return numbers.subarray(taken - count, taken);
  };
  const steps = layers.map((layer) => stepOf(layer, take));
  return (image) => {
    const values = new Float32Array(image.length);
    const area = height * width;
    for (let i = 0; i < image.length; i += 1) {
      const channel = Math.floor(i / area);
      values[i] = (image[i] / 255 - mean[channel]) / sd[channel];
    }
    /** @type {Maps} */
    let maps = { values, channels, height, width };
    for (const step of steps) maps = step(maps);
    return [...maps.values];
  };
}

/** @param {string} encoded */
function float32Of(encoded) {
  const bytes = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
  return new Float32Array(bytes.buffer);
}

/**
 * @param {Layer} layer
 * @param {(count: number) => Float32Array} take the next numbers
 * @returns {Step}
 */
function stepOf(layer, take) {
  switch (layer.kind) {
    case "flatten":
      return ({ values }) => ({ values, channels: values.length, height: 1, width: 1 });
    case "relu":
      return (maps) => ({ ...maps, values: maps.values.map((value) => (value < 0 ? 0 : value)) });
    case "pool":
      return pooled;
    case "linear": {
      const weight = take(layer.inputs * layer.outputs);
      return linear(layer, weight, take(layer.outputs));
    }
    case "convolution": {
      const weight = take(9 * layer.inputs * layer.outputs);
      return convolution(layer, weight, take(layer.outputs));
    }
    case "batch_norm": {
      const factor = take(layer.channels);
      return batchNorm(factor, take(layer.channels));
    }
  }
}

/**
 * @param {{ inputs: number, outputs: number }} sizes
 * @param {Float32Array} weight outputs · inputs
 * @param {Float32Array} bias
 * @returns {Step}
 */
function linear({ inputs, outputs }, weight, bias) {
  return ({ values }) => {
    const sums = new Float32Array(outputs);
    for (let o = 0; o < outputs; o += 1) {
      let sum = bias[o];
      for (let i = 0, w = o * inputs; i < inputs; i += 1, w += 1) sum += weight[w] * values[i];
      sums[o] = sum;
    }
    return { values: sums, channels: outputs, height: 1, width: 1 };
  };
}

/**
 * 3 by 3, one pixel a step, with a border of zeros where padding is 1.
 * @param {{ inputs: number, outputs: number, padding: number }} sizes
 * @param {Float32Array} weight outputs · inputs · 3 · 3
 * @param {Float32Array} bias
 * @returns {Step}
 */
function convolution({ inputs, outputs, padding }, weight, bias) {
  return (maps) => {
    const { values, height, width } = padding ? bordered(maps) : maps;
    const [rows, columns] = [height - 2, width - 2];
    const sums = new Float32Array(outputs * rows * columns);
    for (let o = 0; o < outputs; o += 1) {
      const at = o * rows * columns;
      sums.fill(bias[o], at, at + rows * columns);
      for (let i = 0; i < inputs; i += 1) {
        const k = 9 * (o * inputs + i);
        const [a, b, c, d, e, f, g, h, j] = weight.subarray(k, k + 9);
        for (let y = 0; y < rows; y += 1) {
          let up = (i * height + y) * width;
          let middle = up + width;
          let down = middle + width;
          for (let s = at + y * columns, end = s + columns; s < end; s += 1, up += 1, middle += 1, down += 1) {
            sums[s] +=
              a * values[up] +
              b * values[up + 1] +
              c * values[up + 2] +
              d * values[middle] +
              e * values[middle + 1] +
              f * values[middle + 2] +
              g * values[down] +
              h * values[down + 1] +
              j * values[down + 2];
          }
        }
      }
    }
    return { values: sums, channels: outputs, height: rows, width: columns };
  };
}

/** @type {Step} */
function bordered({ values, channels, height, width }) {
  const wider = new Float32Array(channels * (height + 2) * (width + 2));
  for (let row = 0; row < channels * height; row += 1) {
    const c = Math.floor(row / height);
    const to = (row + 2 * c + 1) * (width + 2) + 1;
    wider.set(values.subarray(row * width, (row + 1) * width), to);
  }
  return { values: wider, channels, height: height + 2, width: width + 2 };
}

/**
 * The largest of every 2 by 2; an odd row or column at the end is left out, as torch does.
 * @type {Step}
 */
function pooled({ values, channels, height, width }) {
  const [rows, columns] = [Math.floor(height / 2), Math.floor(width / 2)];
  const largest = new Float32Array(channels * rows * columns);
  for (let c = 0, to = 0; c < channels; c += 1) {
    for (let y = 0; y < rows; y += 1) {
      for (let x = 0; x < columns; x += 1, to += 1) {
        const from = (c * height + 2 * y) * width + 2 * x;
        largest[to] = Math.max(values[from], values[from + 1], values[from + width], values[from + width + 1]);
      }
    }
  }
  return { values: largest, channels, height: rows, width: columns };
}

/**
 * @param {Float32Array} factor per channel
 * @param {Float32Array} summand per channel
 * @returns {Step}
 */
function batchNorm(factor, summand) {
  return (maps) => {
    const area = maps.height * maps.width;
    const values = maps.values.map((value, i) => value * factor[Math.floor(i / area)] + summand[Math.floor(i / area)]);
    return { ...maps, values };
  };
}

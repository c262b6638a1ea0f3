/**
 * A drawing is cropped, scaled and placed as the images of its dataset were; `kd_core/drawings/preparation.py` is the
 * same in Python, and a test holds both together.
 */

/**
 * How a dataset's drawings are prepared, as `Preparation` in Python says it.
 * @typedef {object} Preparation
 * @property {"centre_of_mass" | "counted_blocks" | "centred_box" | "scaled"} way
 * @property {[number, number, number]} shape channels, height and width of an image
 * @property {[number, number]} box height and width into which ink is scaled
 * @property {number} stretch
 * @property {number} block
 * @property {number} ground
 * @property {number} brush
 * @property {number} cells
 */

/**
 * A square picture of 0..255, channel after channel: one of ink or three of colour.
 * @typedef {{ side: number, channels: Uint8ClampedArray[] }} Picture
 */

// Added before rounding, so that two programs that add up in another order round alike.
const HAIR = 1e-9;
const LUMA = [19595, 38470, 7471];

/** @param {Preparation} preparation */
const fieldOf = ({ shape: [, height, width], block }) => [block * height, block * width];

/**
 * @param {Picture} picture
 * @param {Preparation} preparation
 * @param {boolean} framed whether it stands where it belongs already
 * @returns {Uint8Array} channels · height · width
 */
export function prepare(picture, preparation, framed) {
  const { way, shape, block } = preparation;
  const channels = asMany(picture.channels, shape[0]);
  if (way === "scaled" || framed) return levels(wholeField({ ...picture, channels }, preparation), preparation);
  const ink = croppedInk(channels[0], picture.side);
  if (!ink) return new Uint8Array(shape[0] * shape[1] * shape[2]);
  const scales = scalesOf([ink.height, ink.width], preparation);
  const [rows, columns] = massOf(ink);
  const [fieldHeight, fieldWidth] = fieldOf(preparation);
  const top = placeOf(rows, scales[0], fieldHeight, way);
  const left = placeOf(columns, scales[1], fieldWidth, way);
  const field = resampled(ink, scales, [top, left], [fieldHeight, fieldWidth]);
  return levels([block > 1 ? field.map((share) => Number(share >= 0.5 - HAIR)) : field], preparation);
}

/**
 * @param {Uint8ClampedArray[]} channels
 * @param {number} wanted
 */
function asMany(channels, wanted) {
  if (channels.length === wanted) return channels;
  if (wanted > 1) return Array.from({ length: wanted }, () => channels[0]);
  const grey = channels[0].map(
    (_, i) => (LUMA.reduce((sum, share, k) => sum + share * channels[k][i], 32768) / 65536) | 0,
  );
  return [grey];
}

/** @typedef {{ values: Float64Array, height: number, width: number }} Ink */

/**
 * @param {Uint8ClampedArray} channel
 * @param {number} side
 * @returns {Ink | null} what is drawn, 0..1, or null where nothing is
 */
function croppedInk(channel, side) {
  let [top, left, bottom, right] = [side, side, -1, -1];
  for (let y = 0, i = 0; y < side; y += 1) {
    for (let x = 0; x < side; x += 1, i += 1) {
      if (!channel[i]) continue;
      if (y < top) top = y;
      if (x < left) left = x;
      if (x > right) right = x;
      bottom = y;
    }
  }
  if (bottom < 0) return null;
  const [height, width] = [bottom - top + 1, right - left + 1];
  const values = new Float64Array(height * width);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) values[y * width + x] = channel[(top + y) * side + left + x] / 255;
  }
  return { values, height, width };
}

/**
 * How many times larger the ink becomes, down and across.
 * @param {[number, number]} size
 * @param {Preparation} preparation
 * @returns {[number, number]}
 */
function scalesOf([height, width], { box, stretch }) {
  const [down, across] = [box[0] / height, box[1] / width];
  const most = Math.min(down, across) * stretch;
  return [Math.min(down, most), Math.min(across, most)];
}

/**
 * The ink of every row and of every column.
 * @param {Ink} ink
 */
function massOf({ values, height, width }) {
  const rows = new Float64Array(height);
  const columns = new Float64Array(width);
  for (let y = 0, i = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, i += 1) {
      rows[y] += values[i];
      columns[x] += values[i];
    }
  }
  return [rows, columns];
}

/**
 * Where the scaled ink begins in the field: at a whole pixel, and never so that a part is lost.
 * @param {Float64Array} mass along this direction
 * @param {number} scale
 * @param {number} field
 * @param {string} way
 */
function placeOf(mass, scale, field, way) {
  const length = mass.length * scale;
  let middle = length / 2;
  if (way === "centre_of_mass") {
    const total = mass.reduce((sum, value) => sum + value, 0);
    middle = (mass.reduce((sum, value, i) => sum + (i + 0.5) * value, 0) / total) * scale;
  }
  const latest = Math.floor(field - length + HAIR);
  return Math.min(Math.max(Math.floor(field / 2 - middle + 0.5 + HAIR), 0), latest);
}

/**
 * The whole picture, scaled to the field, 0..1, by channel.
 * @param {Picture} picture
 * @param {Preparation} preparation
 */
function wholeField({ side, channels }, preparation) {
  const field = fieldOf(preparation);
  const scale = Math.max(field[0] / side, field[1] / side);
  const places = field.map((length) => (length - side * scale) / 2);
  return channels.map((channel) => {
    const values = Float64Array.from(channel, (value) => value / 255);
    return resampled({ values, height: side, width: side }, [scale, scale], places, field);
  });
}

/**
 * Every pixel of the field is the mean of what it covers.
 * @param {Ink} ink
 * @param {[number, number]} scales down and across
 * @param {number[]} places where it begins
 * @param {number[]} field its height and width
 */
function resampled({ values, height, width }, scales, places, [fieldHeight, fieldWidth]) {
  const across = Array.from({ length: width }, (_, x) => covered(x, scales[1], places[1], fieldWidth));
  const field = new Float64Array(fieldHeight * fieldWidth);
  const row = new Float64Array(fieldWidth);
  for (let y = 0; y < height; y += 1) {
    row.fill(0);
    for (let x = 0; x < width; x += 1) {
      const value = values[y * width + x];
      if (value) for (const [pixel, share] of across[x]) row[pixel] += share * value;
    }
    for (const [pixel, share] of covered(y, scales[0], places[0], fieldHeight)) {
      for (let x = 0; x < fieldWidth; x += 1) field[pixel * fieldWidth + x] += share * row[x];
    }
  }
  return field;
}

/**
 * Which pixels of the field a scaled pixel covers, each with the share that it covers.
 * @param {number} index
 * @param {number} scale
 * @param {number} place
 * @param {number} length of the field
 */
function covered(index, scale, place, length) {
  const [low, high] = [place + index * scale, place + (index + 1) * scale];
  /** @type {[number, number][]} */
  const pixels = [];
  for (let pixel = Math.max(0, Math.floor(low)); pixel < Math.min(length, high); pixel += 1) {
    const share = Math.min(high, pixel + 1) - Math.max(low, pixel);
    if (share > 0) pixels.push([pixel, share]);
  }
  return pixels;
}

/**
 * @param {Float64Array[]} fields by channel, 0..1
 * @param {Preparation} preparation
 */
function levels(fields, { shape: [, height, width], block }) {
  const image = new Uint8Array(fields.length * height * width);
  fields.forEach((field, c) => {
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1) {
        const share = block > 1 ? countedShare(field, y, x, block, block * width) : field[y * width + x];
        image[(c * height + y) * width + x] = Math.min(255, Math.floor(share * 255 + 0.5 + HAIR));
      }
    }
  });
  return image;
}

/**
 * The pixels of a block that are on, as a whole number of all.
 * @param {Float64Array} field
 * @param {number} y
 * @param {number} x
 * @param {number} block
 * @param {number} width of the field
 */
function countedShare(field, y, x, block, width) {
  let count = 0;
  for (let down = 0; down < block; down += 1) {
    for (let across = 0; across < block; across += 1) count += field[(y * block + down) * width + x * block + across];
  }
  return Math.floor(count + 0.5 + HAIR) / block ** 2;
}

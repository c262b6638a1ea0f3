/** Colours of a number: gains on both sides of nothing, and shares from dark to bright. */

// Black letters have a contrast of 5.9:1 and more on each.
const LOSS_COLOUR = [191, 129, 45];
const ZERO_COLOUR = [245, 245, 245];
const GAIN_COLOUR = [53, 151, 143];
export const LETTER_COLOUR = "#111111";

// Cividis, seen alike by people of every colour vision.
const CIVIDIS = [
  [0, 34, 78],
  [53, 69, 108],
  [102, 105, 112],
  [148, 142, 119],
  [200, 184, 102],
  [254, 232, 56],
];
// On a brighter ground black letters have the higher contrast, on a darker one white: 4.5:1 and more on each.
const MIDDLE_LUMINANCE = 0.179;

/**
 * @param {number[]} from
 * @param {number[]} to
 * @param {number} part 0 to 1
 */
const between = (from, to, part) => from.map((value, i) => Math.round(value + (to[i] - value) * part));

/** @param {number[]} colour */
const written = (colour) => `rgb(${colour.join(", ")})`;

/** @param {number} share of the largest gain, -1 to 1 */
export function gainColour(share) {
  return written(between(ZERO_COLOUR, share < 0 ? LOSS_COLOUR : GAIN_COLOUR, Math.min(1, Math.abs(share))));
}

/**
 * @param {number} share 0 to 1
 * @returns {{ fill: string, letters: string }} the colour, and that of letters on it
 */
export function shareColours(share) {
  const place = Math.min(1, Math.max(0, share)) * (CIVIDIS.length - 1);
  const low = Math.min(CIVIDIS.length - 2, Math.floor(place));
  const colour = between(CIVIDIS[low], CIVIDIS[low + 1], place - low);
  const [red, green, blue] = colour.map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  const luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  return { fill: written(colour), letters: luminance > MIDDLE_LUMINANCE ? "#000000" : "#ffffff" };
}

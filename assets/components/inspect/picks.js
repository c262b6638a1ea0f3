/** A selection as a link writes it, and the images that it means at the epoch in sight. */

import { GROUPS, binOf } from "./counts.js";

/** @import { Frame } from "./frames.js" */

/** @typedef {{ labels: Int16Array, a: Frame, b: Frame, groups: Uint8Array }} Answers */

/**
 * @param {number[]} indices ascending
 * @returns {string} such as "1-5.8.10-12"
 */
export function writeRanges(indices) {
  /** @type {[number, number][]} */
  const ranges = [];
  for (const index of indices) {
    const last = ranges.at(-1);
    if (last && index === last[1] + 1) last[1] = index;
    else ranges.push([index, index]);
  }
  return ranges.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`)).join(".");
}

/**
 * @param {string} text from `writeRanges`
 * @param {number} count of images; what lies beyond is left out
 */
export function readRanges(text, count) {
  const mask = new Uint8Array(count);
  for (const range of text.split(".")) {
    const [from, to = from] = range.split("-").map(Number);
    if (Number.isInteger(from) && Number.isInteger(to)) mask.fill(1, from, Math.min(count, to + 1));
  }
  return mask;
}

/**
 * How one selection is decided: for the image at a place, or null where the text means none.
 * @param {string} pick
 * @param {Answers} answers
 * @returns {((i: number) => boolean) | null}
 */
function condition(pick, { labels, a, b, groups }) {
  const [kind, ...parts] = pick.split(":");
  const numbers = parts.map(Number);
  const frame = parts[0] === "B" ? b : a;
  if (kind === "cell" && parts[0] === "D") {
    const [, label, answer] = numbers;
    return (i) => labels[i] === label && (a.chosen[i] === answer) !== (b.chosen[i] === answer);
  }
  if (kind === "cell") return (i) => labels[i] === numbers[1] && frame.chosen[i] === numbers[2];
  if (kind === "bin") {
    return (i) => labels[i] >= 0 && frame.chosen[i] >= 0 && binOf(frame.confidence[i]) === numbers[1];
  }
  if (kind === "entropy") return (i) => labels[i] >= 0 && a.chosen[i] >= 0 && binOf(a.uncertainty[i]) === numbers[0];
  if (kind === "class") return (i) => labels[i] === numbers[0];
  if (kind === "group") {
    const group = GROUPS.indexOf(parts[0]);
    return (i) => groups[i] === group;
  }
  return null;
}

/**
 * @param {string} pick
 * @param {Answers} answers
 * @returns {Uint8Array | null} 1 for every image that it means; null for no selection
 */
export function maskOf(pick, answers) {
  const count = answers.labels.length;
  if (pick.startsWith("images:")) return readRanges(pick.slice("images:".length), count);
  const means = pick && condition(pick, answers);
  if (!means) return null;
  return Uint8Array.from({ length: count }, (_, i) => Number(means(i)));
}

/** @param {Uint8Array} mask */
export function indicesOf(mask) {
  /** @type {number[]} */
  const indices = [];
  mask.forEach((chosen, i) => chosen && indices.push(i));
  return indices;
}

/**
 * @param {number[]} indices ascending
 * @returns {string} the selection of exactly these images
 */
export const pickOf = (indices) => (indices.length ? `images:${writeRanges(indices)}` : "");

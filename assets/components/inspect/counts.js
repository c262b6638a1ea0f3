/**
 * The arithmetic of two networks beside each other, as `kd_core.results.inspection` has it in Python; a test holds both
 * together. Images without a label (below 0) count nowhere; an answer that is none is a wrong one of no class.
 */

import { FULL } from "./frames.js";

/** @import { Frame } from "./frames.js" */

/** Both right, only the first, only the second, both wrong in the same way, both wrong in different ways. */
export const GROUPS = ["both", "only_a", "only_b", "copied", "apart"];
export const UNLABELLED = 255;
export const BINS = 15;
const NORMAL_95 = 1.959963984540054;

/** @typedef {Uint8Array | null} Mask which images are selected; null for no selection */

/**
 * @param {Frame} a
 * @param {Frame} b
 * @param {Int16Array} labels
 */
export function groupsOf(a, b, labels) {
  const groups = new Uint8Array(labels.length);
  for (let i = 0; i < labels.length; i += 1) {
    const label = labels[i];
    const first = a.chosen[i];
    const second = b.chosen[i];
    if (label < 0) groups[i] = UNLABELLED;
    else if (first === label) groups[i] = second === label ? 0 : 1;
    else if (second === label) groups[i] = 2;
    else groups[i] = first === second && first >= 0 ? 3 : 4;
  }
  return groups;
}

/**
 * The bin of a value, with the edges (b / bins, (b + 1) / bins]; values were rounded up, which keeps them in their bin.
 * @param {number} value 0 to FULL
 */
export const binOf = (value) => Math.max(0, Math.ceil((value * BINS) / FULL) - 1);

/**
 * @param {Frame} frame
 * @param {Int16Array} labels
 * @param {number} classes
 * @param {Mask} mask
 * @returns {Int32Array} counts by label and, within it, by answer
 */
export function confusionCounts({ chosen }, labels, classes, mask) {
  const counts = new Int32Array(classes * classes);
  for (let i = 0; i < labels.length; i += 1) {
    if (labels[i] >= 0 && chosen[i] >= 0 && (!mask || mask[i])) counts[labels[i] * classes + chosen[i]] += 1;
  }
  return counts;
}

/**
 * Images, sum of confidences and right answers by bin of confidence.
 * @param {Frame} frame
 * @param {Int16Array} labels
 * @param {Mask} mask
 */
export function calibrationSums({ chosen, confidence }, labels, mask) {
  const bins = Array.from({ length: BINS }, () => ({ count: 0, confidence: 0, right: 0 }));
  for (let i = 0; i < labels.length; i += 1) {
    if (labels[i] < 0 || chosen[i] < 0 || (mask && !mask[i])) continue;
    const bin = bins[binOf(confidence[i])];
    bin.count += 1;
    bin.confidence += confidence[i] / FULL;
    bin.right += Number(chosen[i] === labels[i]);
  }
  return bins;
}

/** @param {{ count: number, confidence: number, right: number }[]} bins */
export function calibrationError(bins) {
  const total = bins.reduce((sum, bin) => sum + bin.count, 0);
  return bins.reduce((sum, bin) => sum + Math.abs(bin.confidence - bin.right), 0) / total;
}

/**
 * Images by bin of one network's entropy and, within it, by group.
 * @param {Frame} frame
 * @param {Uint8Array} groups
 * @param {Mask} mask
 */
export function entropyCounts({ chosen, uncertainty }, groups, mask) {
  const bins = Array.from({ length: BINS }, () => new Int32Array(GROUPS.length));
  for (let i = 0; i < groups.length; i += 1) {
    if (groups[i] !== UNLABELLED && chosen[i] >= 0 && (!mask || mask[i])) bins[binOf(uncertainty[i])][groups[i]] += 1;
  }
  return bins;
}

/**
 * Images by class that fulfil a condition, of those selected.
 * @param {Int16Array} labels
 * @param {number} classes
 * @param {Mask} mask
 * @param {(i: number) => boolean} fulfils
 */
export function classCounts(labels, classes, mask, fulfils) {
  const counts = new Int32Array(classes);
  for (let i = 0; i < labels.length; i += 1) {
    if (labels[i] >= 0 && (!mask || mask[i]) && fulfils(i)) counts[labels[i]] += 1;
  }
  return counts;
}

/**
 * The 95 % interval of a share (Wilson 1927).
 * @param {number} successes
 * @param {number} trials
 * @returns {[number, number]}
 */
export function wilsonInterval(successes, trials) {
  if (!trials) return [0, 1];
  const share = successes / trials;
  const square = NORMAL_95 ** 2 / trials;
  const middle = (share + square / 2) / (1 + square);
  const spread = NORMAL_95 * Math.sqrt((share * (1 - share)) / trials + square / (4 * trials));
  const half = spread / (1 + square);
  return [successes ? middle - half : 0, successes === trials ? 1 : middle + half];
}

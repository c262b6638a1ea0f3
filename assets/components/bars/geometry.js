/** Where bars and ticks go. */

import { nameWidth } from "./classes.js";

/** @import { Axis } from "./temperature_control.js" */

/** @typedef {{ x: number, y: number }} Point */

// Of a logarithmic axis.
export const DECADES = 6;

/**
 * Where bars go: upright where every class has room for its name and bars; lying otherwise (a phone, a narrow column,
 * long names).
 * @param {string[]} classes
 * @param {number} barsPerClass
 * @param {number} width of the plot
 */
export function measureBars(classes, barsPerClass, width) {
  const longest = Math.max(...classes.map(nameWidth));
  const upright = (width - 40) / classes.length >= Math.max(7 * barsPerClass + 6, longest);
  const left = upright ? 36 : Math.min(longest * 1.07 + 14, width * 0.35);
  const group = upright ? (width - left) / classes.length : 11 * barsPerClass + 7;
  const pitch = upright ? Math.min((group - 8) / barsPerClass, 30) : 11;
  const end = group * classes.length;
  const base = upright ? 250 : left;
  const fullLength = upright ? base - 18 : width - left - 42;
  const height = upright ? base + 26 : end + 22;
  /** @type {(along: number, across: number) => Point} */
  const pointAt = (along, across) => (upright ? { x: left + across, y: base - along } : { x: base + along, y: across });
  // Beside the axis, where bars lie.
  const nameRoom = upright ? Infinity : left - 10;
  return { upright, group, pitch, end, nameRoom, base, fullLength, height, pointAt, room: upright ? pitch : 40 };
}

/**
 * Ticks of the probability axis: each with its share of the full length.
 * @param {Axis} axis
 * @returns {[number, string][]}
 */
export function probabilityTicks(axis) {
  if (axis === "linear") return [0, 0.25, 0.5, 0.75, 1].map((p) => [p, String(p)]);
  /** @type {[number, string][]} */
  const powers = [..."⁶⁵⁴³²¹"].map((power, i) => [i / DECADES, "10⁻" + power]);
  return [...powers, [1, "1"]];
}

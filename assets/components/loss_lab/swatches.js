/** The legend of the loss lab: an arrow, a bar and a tick, as they are drawn in the rows. */

import { html, svg } from "../shared/dom.js";

/** @import { LabStyles } from "./chart.js" */

/**
 * @param {LabStyles["total"]} style
 * @param {string} term
 * @param {string} name
 */
export function arrowSwatch({ colour }, term, name) {
  const shaft = svg("path", { d: "M1 7H16", stroke: colour, class: `arrow ${term}` });
  const head = svg("path", { d: "M25 7L16 2.5V11.5Z", fill: colour });
  return entry(26, name, shaft, head);
}

/**
 * @param {LabStyles["teacher"]} style
 * @param {string} name
 */
export function barSwatch({ colour, pattern }, name) {
  const place = { x: 1, y: 2, width: 22, height: 10 };
  const rect = svg("rect", { ...place, stroke: colour, fill: colour, "fill-opacity": pattern ? 0.3 : 1 });
  const visibility = pattern ? "visible" : "hidden";
  return entry(24, name, rect, svg("path", { d: "M4 12L10 2M11 12L17 2M18 12L23 4", stroke: colour, visibility }));
}

/**
 * @param {LabStyles["limit"]} style
 * @param {string} name
 */
export function limitSwatch({ colour }, name) {
  return entry(16, name, svg("path", { d: "M8 1v12", stroke: colour, class: "limit" }));
}

/**
 * @param {number} width
 * @param {string} name
 * @param {SVGElement[]} drawn
 */
function entry(width, name, ...drawn) {
  return html("span", { class: "entry" }, svg("svg", { width, height: 14, "aria-hidden": true }, ...drawn), name);
}

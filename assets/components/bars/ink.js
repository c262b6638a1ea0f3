/** What bars are filled with: a role is told by its pattern too, never by colour alone. */

import { svg } from "../shared/dom.js";

/** @import { Arm } from "./film.js" */

/**
 * @param {Arm[]} arms
 * @param {string} id of the chart: two charts on a page must not share patterns
 */
export function makePatterns(arms, id) {
  const patterned = arms.filter((arm) => arm.style.pattern);
  const patterns = patterned.map(({ role, style }) =>
    svg(
      "pattern",
      { id: `${role}-${id}`, width: 6, height: 6, patternUnits: "userSpaceOnUse" },
      svg("rect", { width: 6, height: 6, fill: style.colour, "fill-opacity": 0.3 }),
      svg("path", { d: style.pattern, stroke: style.colour, "stroke-width": 1.7 }),
    ),
  );
  return svg("defs", {}, ...patterns);
}

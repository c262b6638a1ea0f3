/**
 * The drawing of a curve: axes, one line with its band and marks, the labels at the ends, the crosshair. Nodes are there
 * already, and only attributes are set; the axes alone are made anew when they change.
 */

import { fillTemplate, setAttributes, svg } from "../shared/dom.js";
import { nearestIndex, pointAt, roundTicks, spreadApart } from "../shared/scale.js";

/** @import { Range } from "../shared/scale.js" */
/** @import { CurveChart, Series, SeriesNodes } from "./chart.js" */

/**
 * @param {CurveChart} curve
 * @param {Range} xs
 * @param {Range} ys
 */
export function paintAxes(curve, xs, ys) {
  const { x_title, y_title, percent, height } = curve.data;
  const { left, right, top, bottom } = curve.inner;
  const axes = JSON.stringify([xs, ys, curve.inner, x_title, y_title, percent]);
  if (axes === curve.drawnAxes) return;
  curve.drawnAxes = axes;
  /** @type {(x: number, y: number, anchor: string, text: string) => SVGTextElement} */
  const textAt = (x, y, anchor, text) => svg("text", { x, y, "text-anchor": anchor }, text);
  const yTicks = roundTicks(ys, (bottom - top) / 52);
  const digits = percent && yTicks[1] - yTicks[0] < 0.01 ? 1 : 0;
  const yNodes = yTicks.flatMap((tick) => [
    svg("path", { d: `M${left} ${curve.y(tick)}H${right}` }),
    textAt(left - 9, curve.y(tick) + 4, "end", percent ? `${(100 * tick).toFixed(digits)} %` : String(tick)),
  ]);
  const xNodes = roundTicks(xs, (right - left) / 72).flatMap((tick) => [
    svg("path", { d: `M${curve.x(tick)} ${bottom}v5`, class: "notch" }),
    textAt(curve.x(tick), bottom + 19, "middle", String(tick)),
  ]);
  const base = svg("path", { d: `M${left} ${bottom}H${right}`, class: "notch" });
  curve.grid.replaceChildren(...yNodes, ...xNodes, base, textAt((left + right) / 2, height - 6, "middle", x_title));
  curve.yTitle.textContent = y_title;
}

/**
 * @param {CurveChart} curve
 * @param {SeriesNodes} nodes
 * @param {Series} series
 * @param {number} until the x at which the line ends for now
 */
export function paintLine(curve, nodes, series, until) {
  const { x, y, style } = series;
  const end = pointAt(x, y, until);
  const beyond = x.findIndex((value) => value > until);
  const count = beyond < 0 ? x.length : beyond;
  let line = "";
  let marks = "";
  let lastSlot = 0;
  let command = "M";
  for (let i = 0; i < count; i += 1) {
    const value = y[i];
    if (value === null) {
      command = "M";
      continue;
    }
    const point = `${curve.x(x[i]).toFixed(1)} ${curve.y(value).toFixed(1)}`;
    line += command + point;
    command = "L";
    // Marks sit on a raster of the axis, so that they stay where they are while the line grows.
    const slot = Math.floor((x[i] - curve.data.x_range[0]) / (curve.x.invert(80) - curve.x.invert(0)));
    if (slot !== lastSlot) marks += `M${point}${style.marker}`;
    lastSlot = slot;
  }
  if (end && end.y !== null && line && count < x.length) line += `L${curve.x(end.x)} ${curve.y(end.y)}`;
  nodes.line.setAttribute("d", line);
  nodes.marks.setAttribute("d", marks);
  if (series.low) nodes.band.setAttribute("d", bandPath(curve, series, count));
}

/**
 * @param {CurveChart} curve
 * @param {Series} series
 * @param {number} count of points that are drawn
 */
function bandPath(curve, { x, low, high }, count) {
  /** @type {string[]} */
  const upper = [];
  /** @type {string[]} */
  const lower = [];
  for (let i = 0; i < count; i += 1) {
    const [bottom, top] = [low?.[i] ?? null, high?.[i] ?? null];
    if (bottom === null || top === null) continue;
    upper.push(`${curve.x(x[i]).toFixed(1)} ${curve.y(top).toFixed(1)}`);
    lower.unshift(`${curve.x(x[i]).toFixed(1)} ${curve.y(bottom).toFixed(1)}`);
  }
  return upper.length ? `M${upper.join("L")}L${lower.join("L")}Z` : "";
}

/**
 * @param {CurveChart} curve
 * @param {number} until the x at which lines end for now
 * @param {number} from the lowest x in sight
 */
export function paintLabels(curve, until, from) {
  const { series } = curve.data;
  const { top, bottom } = curve.inner;
  const ends = series.map(({ x, y }) => {
    const end = pointAt(x, y, until);
    return end && end.y !== null && end.x >= from ? { x: end.x, y: end.y } : null;
  });
  const labelled = ends.flatMap((end, i) => (end ? [{ i, ...end }] : []));
  const heights = labelled.map(({ y }) => Math.min(bottom, Math.max(top, curve.y(y))));
  const placed = spreadApart(heights, 18, bottom);
  curve.drawn.forEach(({ lead, glyph, label }, i) => {
    const visibility = ends[i] ? "visible" : "hidden";
    for (const node of [lead, glyph, label]) node.setAttribute("visibility", visibility);
  });
  labelled.forEach(({ i, x, y }, n) => {
    const { lead, glyph, label } = curve.drawn[i];
    const left = curve.x(x);
    lead.setAttribute("d", `M${left} ${heights[n]}L${left + 12} ${placed[n]}`);
    glyph.setAttribute("d", `M${left + 14} ${placed[n]}${series[i].style.marker}`);
    const text = `${curve.wide ? series[i].name + "  " : ""}${curve.format(y)}`;
    setAttributes(label, { x: left + 23, y: placed[n] + 4 }).textContent = text;
  });
}

/**
 * Draw what happened as lines with their words above, one row lower where two would cover each other.
 * @param {CurveChart} curve
 * @param {Range} xs
 */
export function paintMarks(curve, xs) {
  const { left, right, top, bottom } = curve.inner;
  const seen = curve.data.marks.filter(({ x }) => x >= xs[0] && x <= xs[1]);
  curve.marks.replaceChildren();
  let end = -Infinity;
  let row = 0;
  for (const { x, label } of seen) {
    const text = svg("text", {}, label);
    curve.marks.append(svg("path", { d: `M${curve.x(x)} ${top}V${bottom}` }), text);
    const width = text.getComputedTextLength();
    const start = Math.max(left, Math.min(right - width, curve.x(x) - width / 2));
    row = start < end + 8 ? row + 1 : 0;
    end = start + width;
    setAttributes(text, { x: start, y: top - 4 + 15 * row });
  }
}

/**
 * Show the value of every series at the point nearest to the cursor.
 * @param {CurveChart} curve
 * @param {number | null} cursor an x, or null for none
 */
export function paintCrosshair(curve, cursor) {
  const [from, to] = curve.zoom?.x ?? curve.data.x_range;
  const hidden = cursor === null || !curve.xs.length || cursor < from || cursor > to;
  curve.tip.hidden = hidden;
  curve.cross.setAttribute("d", "");
  const x = hidden ? null : curve.xs[nearestIndex(curve.xs, cursor)];
  curve.drawn.forEach((nodes, i) => paintCrosshairValue(curve, nodes, curve.data.series[i], x, (to - from) / 20));
  if (x === null) return;
  curve.when.textContent = `${curve.data.x_title} ${x}`;
  curve.cross.setAttribute("d", `M${curve.x(x)} ${curve.inner.top}V${curve.inner.bottom}`);
  placeTip(curve, curve.x(x));
}

/**
 * @param {CurveChart} curve
 * @param {SeriesNodes} nodes
 * @param {Series} series
 * @param {number | null} x null hides the value
 * @param {number} reach how far from x a point may be
 */
function paintCrosshairValue(curve, { dot, entry, value }, series, x, reach) {
  const at = x === null || !series.x.length ? -1 : nearestIndex(series.x, x);
  const y = at < 0 ? null : series.y[at];
  const near = x !== null && y !== null && Math.abs(series.x[at] - x) <= reach;
  dot.setAttribute("visibility", near ? "visible" : "hidden");
  entry.hidden = !near;
  if (!near) return;
  setAttributes(dot, { cx: curve.x(series.x[at]), cy: curve.y(y) });
  const [low, high] = [series.low?.[at] ?? null, series.high?.[at] ?? null];
  const fields = { low: curve.format(low), high: curve.format(high) };
  const band = low === null ? "" : ` (${fillTemplate(curve.data.words.band, fields)})`;
  value.textContent = curve.format(y) + band;
}

/**
 * Put the tip beside the crosshair, away from the curves, and never out of the chart.
 * @param {CurveChart} curve
 * @param {number} crosshair its x in pixels
 */
function placeTip(curve, crosshair) {
  const { left, right, top, bottom } = curve.inner;
  const { offsetWidth, offsetHeight } = curve.tip;
  const middle = curve.drawn.reduce((sum, { dot }) => sum + Number(dot.getAttribute("cy")), 0) / curve.drawn.length;
  const y = middle < (top + bottom) / 2 ? bottom - offsetHeight - 8 : top;
  const room = curve.width - offsetWidth;
  const x = crosshair < (left + right) / 2 ? crosshair + 14 : crosshair - 14 - offsetWidth;
  curve.tip.style.transform = `translate(${Math.max(0, Math.min(room, x))}px, ${y}px)`;
}

/**
 * Draw the line at the epoch that is looked at.
 * @param {CurveChart} chart
 */
export function paintMarker({ data: { marker_x, x_range }, zoom, inner: { top, bottom }, x, marker }) {
  const [low, high] = zoom?.x ?? x_range;
  const marked = marker_x !== null && marker_x >= low && marker_x <= high;
  marker.setAttribute("d", marked ? `M${x(marker_x)} ${top}V${bottom}` : "");
}

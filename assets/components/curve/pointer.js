/** What pointer, wheel and keyboard do on a curve: drag a box, zoom, walk along the points. */

import { setAttributes } from "../shared/dom.js";

/** @import { Range } from "../shared/scale.js" */
/** @import { CurveChart, Zoom } from "./chart.js" */

const SMALLEST_BOX = 6;
const FLAT_BOX = 12;

/**
 * @param {SVGSVGElement} chart
 * @param {MouseEvent} event
 * @returns {[number, number]} in the chart's pixels
 */
function positionOf(chart, event) {
  const edge = chart.getBoundingClientRect();
  return [event.clientX - edge.left, event.clientY - edge.top];
}

/**
 * @param {number} one
 * @param {number} other
 * @param {Range} limits
 * @returns {Range} both within the limits, ascending
 */
function orderedWithin(one, other, [low, high]) {
  const [first, last] = [one, other].map((value) => Math.min(high, Math.max(low, value))).sort((a, b) => a - b);
  return [first, last];
}

/**
 * Draw the box between two positions and return it in data coordinates; null while it is no more than a click. A flat
 * box leaves the height alone.
 * @param {CurveChart} curve
 * @param {[number, number]} start
 * @param {[number, number]} end
 * @returns {Zoom | null}
 */
function dragBox(curve, start, end) {
  const { left, right, top, bottom } = curve.inner;
  const flat = Math.abs(end[1] - start[1]) < FLAT_BOX;
  const xs = orderedWithin(start[0], end[0], [left, right]);
  /** @type {Range} */
  const ys = flat ? [top, bottom] : orderedWithin(start[1], end[1], [top, bottom]);
  const large = xs[1] - xs[0] > SMALLEST_BOX;
  setAttributes(curve.box, {
    x: xs[0],
    y: ys[0],
    width: xs[1] - xs[0],
    height: ys[1] - ys[0],
    visibility: large ? "visible" : "hidden",
  });
  if (!large) return null;
  const { x, y } = curve;
  return { x: [x.invert(xs[0]), x.invert(xs[1])], y: flat ? curve.zoom?.y : [y.invert(ys[1]), y.invert(ys[0])] };
}

/** @param {CurveChart} curve */
export function listenToPointer(curve) {
  const { chart, box } = curve;
  /** @type {[number, number] | null} */
  let start = null;
  const hover = (/** @type {MouseEvent} */ event) => curve.pointAt(curve.x.invert(positionOf(chart, event)[0]));
  const finish = () => {
    start = null;
    box.setAttribute("visibility", "hidden");
  };
  chart.onpointerdown = (event) => {
    if (event.button) return;
    start = positionOf(chart, event);
    chart.setPointerCapture(event.pointerId);
  };
  chart.onpointermove = (event) => {
    if (start && event.buttons) dragBox(curve, start, positionOf(chart, event));
    else hover(event);
  };
  chart.onpointerup = (event) => {
    const zoom = start && dragBox(curve, start, positionOf(chart, event));
    finish();
    if (zoom) curve.zoomTo(zoom);
    else hover(event);
  };
  chart.onpointercancel = finish;
  chart.onpointerleave = () => {
    if (!start) curve.pointAt(null);
  };
  const onWheel = (/** @type {WheelEvent} */ event) => {
    // Unfocused, the wheel belongs to the page: nobody should get stuck on a chart while scrolling past it.
    if (!event.ctrlKey && !chart.matches(":focus")) return;
    event.preventDefault();
    curve.zoomBy(1.0015 ** event.deltaY, curve.x.invert(positionOf(chart, event)[0]));
  };
  chart.addEventListener("wheel", onWheel, { passive: false });
}

/** @param {CurveChart} curve */
export function listenToKeys(curve) {
  const { chart } = curve;
  /** @type {Record<string, () => void>} */
  const actions = {
    "+": () => curve.zoomBy(0.6),
    "=": () => curve.zoomBy(0.6),
    "-": () => curve.zoomBy(1 / 0.6),
    0: () => curve.zoomTo(null),
    ArrowLeft: () => curve.step(-1),
    ArrowRight: () => curve.step(1),
    Escape: () => curve.pointAt(null),
  };
  chart.onblur = () => curve.pointAt(null);
  chart.onkeydown = (event) => {
    if (!actions[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    actions[event.key]();
  };
}

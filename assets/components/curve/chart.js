/**
 * Curves that grow in place: zoom, crosshair and focus survive new points. Nodes are made when the set of series
 * changes, and every paint() only sets attributes.
 */

import { fillTemplate, headRow, html, makeButton, setAttributes, svg, tableRow } from "../shared/dom.js";
import { followEpoch } from "../shared/epoch_event.js";
import { formatNumber, linearScale, nearestIndex, niceRange } from "../shared/scale.js";
import { makeDownloads } from "./download.js";
import { paintAxes, paintCrosshair, paintLabels, paintLine } from "./lines.js";
import { listenToKeys, listenToPointer } from "./pointer.js";

/** @import { RoleStyle } from "../shared/download.js" */
/** @import { Range, Scale } from "../shared/scale.js" */

/**
 * One line as `series_data` in Python sends it; null is a gap.
 * @typedef {object} Series
 * @property {string} name
 * @property {string} role
 * @property {RoleStyle} style
 * @property {number} variant above 0 for a paler, hollow line of the same role
 * @property {number[]} x
 * @property {(number | null)[]} y
 * @property {(number | null)[] | null} low
 * @property {(number | null)[] | null} high
 */

/**
 * What `live_curve` in Python sends.
 * @typedef {object} CurveData
 * @property {Series[]} series
 * @property {Record<string, string>} words
 * @property {string} x_title
 * @property {string} y_title
 * @property {Range} x_range
 * @property {Range | null} y_range
 * @property {string} title
 * @property {string} subtitle
 * @property {boolean} percent
 * @property {number | null} replay_seconds
 * @property {number | null} marker_x
 * @property {number} height
 * @property {string} file
 */

/** @typedef {{ x: Range, y?: Range }} Zoom */
/** @typedef {ReturnType<typeof makeSeriesNodes>} SeriesNodes */

const NARROW = 560;
const TOP = 14;
const BOTTOM = 42;
const LEFT = 58;

/** @param {Series} series */
function makeSeriesNodes({ name, style, variant, low }) {
  const stroke = { stroke: style.colour, fill: "none" };
  const opacity = 0.6 ** variant;
  const mark = { ...stroke, fill: variant ? "var(--st-background-color)" : style.colour, "stroke-width": 1.5 };
  const makeSwatch = () =>
    svg(
      "svg",
      { width: 30, height: 14, "aria-hidden": true },
      svg("path", { ...stroke, d: "M1 7H29", "stroke-width": 2.2, "stroke-dasharray": style.dash }),
      svg("path", { ...mark, d: `M15 7${style.marker}` }),
    );
  const value = html("span", { class: "value" });
  const nodes = {
    band: svg("path", { fill: style.colour, "fill-opacity": 0.14 * opacity }),
    line: svg("path", {
      ...stroke,
      "stroke-width": variant ? 1.4 : 2.2,
      "stroke-opacity": opacity,
      "stroke-dasharray": style.dash,
      "stroke-linejoin": "round",
    }),
    marks: svg("path", mark),
    lead: svg("path", { ...stroke, "stroke-width": 1 }),
    glyph: svg("path", mark),
    label: svg("text"),
    dot: svg("circle", { r: 5, ...mark, stroke: "var(--st-background-color)" }),
    legend: html("span", { class: "entry" }, makeSwatch(), name),
    value,
    entry: html("div", { class: "entry" }, makeSwatch(), html("span", { class: "who" }, name), value),
  };
  if (!low) nodes.band.setAttribute("d", "");
  return nodes;
}

export class CurveChart {
  /** @type {CurveData} */
  data;
  /** @type {{ left: number, right: number, top: number, bottom: number }} the plot within the axes, in pixels */
  inner;
  /** @type {Scale} */
  x;
  /** @type {Scale} */
  y;
  /** @type {HTMLElement} */
  when;
  /** @type {string} of what is drawn: nodes are made anew when it changes */
  shape;
  /** @type {string} */
  drawnAxes;
  /** @type {SeriesNodes[]} */
  drawn = [];
  /** @type {number[]} every x of every series, ascending */
  xs = [];
  /** @type {Zoom | null} */
  zoom = null;
  /** @type {number | null} */
  cursor = null;
  width = 0;
  height = 0;
  wide = false;
  playing = false;

  /** @param {Node & ParentNode} parent */
  constructor(parent) {
    this.id = `area-${Math.random().toString(36).slice(2)}`;
    this.title = html("div", { class: "title" });
    this.subtitle = html("div", { class: "subtitle" });
    this.legend = html("div", { class: "legend" });
    this.yTitle = html("div", { class: "axis" });
    this.clip = svg("rect");
    this.grid = svg("g");
    this.lines = svg("g", { "clip-path": `url(#${this.id})` });
    this.labels = svg("g");
    this.marker = svg("path", { class: "marker" });
    this.cross = svg("path", { class: "cross" });
    this.box = svg("rect", { class: "box", visibility: "hidden" });
    this.chart = svg(
      "svg",
      { role: "img", tabindex: 0, "data-testid": "curve" },
      svg("defs", {}, svg("clipPath", { id: this.id }, this.clip)),
      ...[this.grid, this.marker, this.lines, this.cross, this.labels, this.box],
    );
    this.tip = html("div", { class: "tip", "data-testid": "curve-tip", hidden: "" });
    this.spoken = html("div", { class: "spoken", role: "status" });
    this.plot = html("div", { class: "plot" }, this.chart, this.tip);
    this.table = html("table");
    this.summary = html("summary");
    this.details = html("details", {}, this.summary, html("div", { class: "scroll", tabindex: 0 }, this.table));
    this.details.ontoggle = () => this.fillTable();
    this.buttons = this.makeButtons();
    const words = html("div", { class: "words" }, this.title, this.subtitle);
    const head = html("div", { class: "head" }, words, html("div", { class: "tools" }, ...Object.values(this.buttons)));
    parent.append(html("div", { class: "kd" }, head, this.legend, this.yTitle, this.plot, this.spoken, this.details));
    this.still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    listenToPointer(this);
    listenToKeys(this);
    new ResizeObserver(() => {
      if (this.plot.clientWidth !== this.width) this.paint();
    }).observe(this.plot);
    followEpoch(this.plot, (epoch) => this.followMarker(epoch));
  }

  makeButtons() {
    /** @type {(name: string, onclick: () => void) => HTMLButtonElement} */
    const button = (name, onclick) => makeButton({ "data-testid": `curve-${name}` }, onclick);
    return {
      reset: button("reset", () => {
        this.zoomTo(null);
        this.chart.focus();
      }),
      replay: button("replay", () => this.replay()),
      ...makeDownloads(this, button),
    };
  }

  /** @param {CurveData} data */
  update(data) {
    const { words, series } = data;
    const shape = JSON.stringify([words, series.map(({ name, role, variant, low }) => [name, role, variant, !low])]);
    const first = !this.data;
    this.data = data;
    if (shape !== this.shape) this.build();
    this.shape = shape;
    this.xs = [...new Set(series.flatMap((line) => line.x))].sort((a, b) => a - b);
    this.title.textContent = data.title;
    this.subtitle.textContent = this.xs.length
      ? data.subtitle
      : [data.subtitle, words.empty].filter(Boolean).join(" · ");
    this.buttons.replay.hidden = !data.replay_seconds || this.still;
    this.chart.setAttribute("aria-label", this.describe());
    if (first && data.replay_seconds && !this.still) this.replay();
    else if (!this.playing) this.paint();
    this.fillTable();
  }

  describe() {
    const { words, series, title, x_title, x_range } = this.data;
    const ends = series
      .filter((line) => line.x.length)
      .map(({ name, x, y }) =>
        fillTemplate(words.summary_series, { name, y: this.format(y.at(-1)), x_title, x: x.at(-1) }),
      );
    const whole = fillTemplate(words.summary, { title, x_title, from: x_range[0], to: x_range[1] });
    return [whole, ...ends, words.help].join(" ");
  }

  build() {
    const { words, series } = this.data;
    for (const [name, button] of Object.entries(this.buttons)) button.textContent = words[name];
    this.summary.textContent = words.table;
    this.when = html("div", { class: "when" });
    this.drawn = series.map(makeSeriesNodes);
    const every = (/** @type {keyof SeriesNodes} */ part) => this.drawn.map((nodes) => nodes[part]);
    this.lines.replaceChildren(...every("band"), ...every("line"), ...every("marks"), ...every("dot"));
    this.labels.replaceChildren(...every("lead"), ...every("glyph"), ...every("label"));
    this.legend.replaceChildren(...every("legend"));
    this.tip.replaceChildren(this.when, ...every("entry"));
    this.width = 0;
  }

  /** @param {number | null | undefined} value */
  format(value) {
    return value === null || value === undefined ? "–" : formatNumber(value, this.data.percent);
  }

  measure() {
    const { series, height, percent } = this.data;
    const width = this.plot.clientWidth;
    this.width = width;
    this.height = height;
    this.wide = width >= NARROW;
    // Room for the widest value from the start: the plot must not change its width while a number grows.
    const widths = this.drawn.map(({ label }, i) => {
      label.textContent = `${this.wide ? series[i].name + "  " : ""}${percent ? "100.0 %" : "0.0000"}`;
      return label.getComputedTextLength();
    });
    const right = width - Math.min(Math.max(0, ...widths) + 30, width / 2);
    const bottom = height - BOTTOM;
    this.inner = { left: LEFT, right, top: TOP, bottom };
    setAttributes(this.chart, { width, height, viewBox: `0 0 ${width} ${height}` });
    setAttributes(this.clip, {
      x: LEFT,
      y: TOP - 6,
      width: Math.max(0, right - LEFT),
      height: bottom - TOP + 12,
    });
    this.legend.hidden = this.wide;
  }

  /** @param {number} [until] the x at which lines end for now */
  paint(until = Infinity) {
    if (!this.plot.clientWidth) return;
    if (this.width !== this.plot.clientWidth || this.height !== this.data.height) this.measure();
    const { series, x_range, y_range } = this.data;
    const { left, right, top, bottom } = this.inner;
    const values = () => series.flatMap(({ y, low, high }) => [...y, ...(low ?? []), ...(high ?? [])]);
    const xs = this.zoom?.x ?? x_range;
    const ys = this.zoom?.y ?? y_range ?? niceRange(values());
    this.x = linearScale(xs, [left, right]);
    this.y = linearScale(ys, [bottom, top]);
    paintAxes(this, xs, ys);
    this.buttons.reset.disabled = !this.zoom;
    this.paintMarker();
    this.drawn.forEach((nodes, i) => paintLine(this, nodes, series[i], until));
    paintLabels(this, Math.min(until, xs[1]), xs[0]);
    this.pointAt(this.cursor);
  }

  /** Draw the line at the epoch that is looked at. */
  paintMarker() {
    const { marker_x, x_range } = this.data;
    const [low, high] = this.zoom?.x ?? x_range;
    const { top, bottom } = this.inner;
    const marked = marker_x !== null && marker_x >= low && marker_x <= high;
    this.marker.setAttribute("d", marked ? `M${this.x(marker_x)} ${top}V${bottom}` : "");
  }

  /** @param {number | null} epoch that a scrubber passes, from 1; null for the reported one */
  followMarker(epoch) {
    if (!this.x) return;
    this.data = { ...this.data, marker_x: epoch };
    this.paintMarker();
  }

  /** @param {Zoom | null} zoom null for the whole range */
  zoomTo(zoom) {
    const [low, high] = this.data.x_range;
    // Out beyond the whole range is the whole range.
    const whole = zoom && !zoom.y && zoom.x[1] - zoom.x[0] >= high - low;
    this.zoom = whole ? null : zoom;
    this.paint();
  }

  /**
   * @param {number} factor below 1 to look closer
   * @param {number | null} [centre] an x
   */
  zoomBy(factor, centre = this.cursor) {
    const [low, high] = this.data.x_range;
    const [from, to] = this.zoom?.x ?? [low, high];
    const middle = centre ?? (from + to) / 2;
    const size = Math.max((to - from) * factor, (high - low) / 500);
    if (size >= high - low) {
      this.zoomTo(null);
      return;
    }
    const start = Math.min(high - size, Math.max(low, middle - ((middle - from) / (to - from)) * size));
    this.zoomTo({ x: [start, start + size], y: this.zoom?.y });
  }

  /** @param {number} by how many points to the right */
  step(by) {
    const { xs } = this;
    const [from, to] = this.zoom?.x ?? this.data.x_range;
    const now = this.cursor === null || !xs.length ? -1 : nearestIndex(xs, this.cursor);
    const next = now < 0 ? xs.findLastIndex((x) => x <= to) : Math.min(xs.length - 1, Math.max(0, now + by));
    if (next < 0) return;
    const x = xs[next];
    const shift = Math.min(0, x - from) + Math.max(0, x - to);
    if (shift) this.zoomTo({ ...this.zoom, x: [from + shift, to + shift] });
    this.pointAt(x);
    this.spoken.textContent = this.tip.innerText;
  }

  /** @param {number | null} cursor an x, or null for none */
  pointAt(cursor) {
    this.cursor = cursor;
    paintCrosshair(this, cursor);
  }

  /** Draw the curves from left to right once, as they were recorded. */
  replay() {
    const seconds = this.data.replay_seconds;
    if (!seconds) return;
    const [from, to] = [this.data.x_range[0], this.xs.at(-1) ?? 0];
    const begin = performance.now();
    const frame = (/** @type {number} */ now) => {
      const share = Math.min(1, Math.max(0, now - begin) / 1000 / seconds);
      this.playing = share < 1 && this.chart.isConnected;
      this.paint(this.playing ? from + share * (to - from) : Infinity);
      if (this.playing) requestAnimationFrame(frame);
    };
    this.playing = true;
    requestAnimationFrame(frame);
  }

  fillTable() {
    if (!this.details.open) return;
    const { series, x_title } = this.data;
    const columns = series.map((line) => new Map(line.x.map((x, i) => [x, line.y[i]])));
    const rows = this.xs.map((x) => tableRow(String(x), ...columns.map((values) => this.format(values.get(x)))));
    this.table.replaceChildren(headRow(x_title, ...series.map((line) => line.name)), ...rows);
  }
}

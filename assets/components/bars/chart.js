/**
 * Bars of softened probabilities. The logits come once and are softened here, so a drag never waits for the server.
 * Nodes are made in layout(); paint() only sets attributes, and is all that a drag calls.
 */

import { fillTemplate, headRow, html, setAttributes, svg, tableRow } from "../shared/dom.js";
import { followEpoch } from "../shared/epoch_event.js";
import { expectedValue, logSoftmax } from "../shared/softmax.js";
import { shortened } from "./classes.js";
import { BarDownloads } from "./download.js";
import { armsAfter } from "./film.js";
import { DECADES, measureBars, probabilityTicks } from "./geometry.js";
import { makePatterns } from "./ink.js";
import { ManyClasses } from "./many_classes.js";
import { formatFixed } from "./numbers.js";
import { TemperatureControl, formatTemperature } from "./temperature_control.js";

/** @import { Arm } from "./film.js" */
/** @import { Point } from "./geometry.js" */
/** @import { Axis, TemperatureRange } from "./temperature_control.js" */

/**
 * What `softened_bars` in Python sends.
 * @typedef {object} BarsData
 * @property {Arm[]} arms
 * @property {string[]} classes
 * @property {number | null} hard_label
 * @property {string | null} picture
 * @property {string} picture_alt
 * @property {number | "inf"} temperature
 * @property {TemperatureRange} temperature_range
 * @property {Axis} axis
 * @property {Record<string, string>} words
 * @property {boolean} controls whether there are any
 * @property {boolean} report whether Python wants to hear of temperature and axis
 * @property {string} file
 */

/** @typedef {(name: string, value: unknown) => void} SetState */
/** @typedef {ReturnType<typeof measureBars>} Geometry */

/**
 * One bar with its number; the arm is its index, -1 for the hard label.
 * @typedef {{ rect: SVGRectElement, value: SVGTextElement, arm: number, index: number }} Bar
 */

const ECHO_MILLISECONDS = 5000;

/**
 * @param {Point} point
 * @param {number} dx
 * @param {number} dy
 * @param {string} anchor
 * @param {string} text
 * @param {string} kind its class
 */
function textBeside(point, dx, dy, anchor, text, kind) {
  return svg("text", { x: point.x + dx, y: point.y + dy, "text-anchor": anchor, class: kind }, text);
}

export class BarChart {
  /** @type {BarsData} */
  data;
  /** @type {SetState} */
  setState;
  /** @type {SVGSVGElement} */
  chart;
  /** @type {Geometry} */
  geometry;
  /** @type {number} the temperature in sight */
  T;
  /** @type {number} the temperature that Python gave last */
  given;
  /** @type {Axis} */
  axis;
  /** @type {Axis} */
  drawnAxis;
  /** @type {string} of what is drawn: tables and bars are made anew when it changes */
  shape;
  width = 0;
  /** The teacher's index among the arms, or -1. */
  teacher = -1;
  /** @type {{ T: number, at: number }[]} released temperatures of which Python's echo is still to come */
  sent = [];
  /** @type {Bar[]} */
  bars = [];
  /** @type {number[][]} log-probabilities by arm */
  logs = [];
  /** @type {HTMLElement[][]} entropy and divergence by arm */
  factCells = [];
  /** @type {HTMLElement[][]} probabilities by class and arm */
  tableCells = [];

  /** @param {Node & ParentNode} parent */
  constructor(parent) {
    // Two charts on a page must not share fill patterns.
    this.id = Math.random().toString(36).slice(2);
    this.controls = new TemperatureControl({
      onMove: (T) => {
        this.T = T;
        this.paint();
      },
      onRelease: (T) => this.release(T),
      onAxis: (axis) => {
        this.axis = axis;
        this.layout();
        this.report("axis", axis);
      },
    });
    this.picture = html("img", { class: "picture" });
    this.plot = html("div", { class: "plot" });
    this.facts = html("table", { class: "facts" });
    this.table = html("table", { class: "rows" });
    this.summary = html("summary");
    this.downloads = new BarDownloads(this);
    this.many = new ManyClasses(() => this.update(this.data, this.setState));
    const stage = html("div", { class: "stage" }, this.picture, this.plot);
    const details = html("details", {}, this.summary, html("div", { class: "scroll", tabindex: 0 }, this.table));
    parent.append(
      html("div", { class: "kd" }, this.controls.root, stage, this.many.root, this.facts, this.downloads.root, details),
    );
    new ResizeObserver(() => {
      if (this.plot.clientWidth !== this.width) this.layout();
    }).observe(this.plot);
    followEpoch(this.plot, (epoch) => this.showEpoch(epoch));
  }

  /**
   * Show what was said after an epoch, or the nearest kept one before it, where films came along.
   * @param {number | null} epoch from 1; null for the reported one
   */
  showEpoch(epoch) {
    const arms = this.data && armsAfter(this.data.arms, epoch);
    if (!arms) return;
    this.data = { ...this.data, arms };
    this.paint();
  }

  /** @param {number} T */
  release(T) {
    this.settle();
    this.sent.push({ T, at: Date.now() });
    this.report("temperature", T === Infinity ? "inf" : T);
  }

  /**
   * @param {string} name
   * @param {unknown} value
   */
  report(name, value) {
    if (this.data.report) this.setState(name, value);
  }

  /**
   * Take over Python's temperature only where Python itself changed it: not while the slider is held, and not when it is
   * the late echo of an earlier release.
   * @param {number} T
   */
  followPython(T) {
    if (T === this.given) return;
    this.given = T;
    this.sent = this.sent.filter(({ at }) => Date.now() - at < ECHO_MILLISECONDS);
    const echo = this.sent.findIndex((release) => release.T === T);
    const late = echo >= 0 && echo < this.sent.length - 1;
    if (this.T === undefined || !(this.controls.held || late)) this.T = T;
    this.sent.splice(0, echo + 1);
  }

  /**
   * @param {BarsData} data
   * @param {SetState} setState
   */
  update(data, setState) {
    const { words, classes, arms, hard_label, temperature_range } = data;
    if (data.axis !== this.data?.axis) this.axis = data.axis;
    this.data = data;
    this.setState = setState;
    this.followPython(data.temperature === "inf" ? Infinity : data.temperature);
    this.teacher = arms.findIndex((arm) => arm.role === "teacher");
    this.controls.root.hidden = !data.controls;
    this.picture.hidden = !data.picture;
    if (data.picture) setAttributes(this.picture, { src: data.picture, alt: data.picture_alt });
    const names = arms.map((arm) => [arm.role, arm.name]);
    this.many.choose(data, Math.max(0, this.teacher));
    const shape = JSON.stringify([words, temperature_range, classes, hard_label, names, this.many.drawn]);
    if (shape !== this.shape) this.buildTables();
    if (shape !== this.shape || this.axis !== this.drawnAxis) {
      this.layout();
    } else {
      this.paint();
      this.settle();
    }
    this.shape = shape;
  }

  buildTables() {
    const { arms, words, classes, hard_label, temperature_range } = this.data;
    const divergence = this.teacher < 0 ? [] : [words.divergence];
    this.controls.describe(words, temperature_range);
    this.downloads.describe(words);
    this.summary.textContent = words.table;
    this.factCells = arms.map(({ role }) =>
      ["entropy", ...divergence.map(() => "kl")].map((name) => html("span", { "data-testid": `${name}-${role}` })),
    );
    const rows = arms.map((arm, a) => tableRow(this.legendEntry(arm, arm.name), ...this.factCells[a]));
    if (hard_label !== null) {
      rows.unshift(tableRow(this.legendEntry(null, words.hard_label), "0", ...divergence.map(() => "")));
    }
    this.facts.replaceChildren(headRow("", words.entropy, ...divergence), ...rows);
    this.tableCells = classes.map(() => arms.map(() => html("span")));
    this.table.replaceChildren(
      headRow(words.class, ...arms.map((arm) => arm.name)),
      ...classes.map((name, i) => tableRow(name, ...this.tableCells[i])),
    );
  }

  /**
   * @param {Arm | null} arm null for the hard label
   * @param {string} name
   */
  legendEntry(arm, name) {
    const swatch = svg("rect", { x: 1, y: 1, width: 22, height: 12, ...this.inkOf(arm) });
    return html("span", { class: "name" }, svg("svg", { width: 24, height: 14, "aria-hidden": true }, swatch), name);
  }

  /** @param {Arm | null} arm null for the hard label, which is an outline */
  inkOf(arm) {
    if (!arm) return { fill: "none", stroke: "currentColor", "stroke-width": 1.5 };
    const { colour, pattern } = arm.style;
    return { fill: pattern ? `url(#${arm.role}-${this.id})` : colour, stroke: colour, "stroke-width": 1.2 };
  }

  layout() {
    this.width = this.plot.clientWidth;
    if (!this.width) return;
    const { classes, hard_label, arms, words } = this.data;
    const shownArms = [...(hard_label === null ? [] : [null]), ...arms];
    const names = this.many.drawn.map((index) => classes[index]);
    this.geometry = measureBars(names, shownArms.length, this.width);
    const { height } = this.geometry;
    this.chart = svg(
      "svg",
      { role: "img", width: this.width, height, "data-testid": "bars" },
      makePatterns(this.data.arms, this.id),
    );
    this.drawGrid();
    this.bars = this.many.drawn.flatMap((index, place) => this.drawClass(index, place, shownArms));
    this.plot.replaceChildren(html("div", { class: "axis" }, words.probability), this.chart);
    this.drawnAxis = this.axis;
    this.controls.showAxis(this.axis);
    this.paint();
    this.settle();
  }

  drawGrid() {
    const { upright, end, fullLength, pointAt } = this.geometry;
    for (const [share, text] of probabilityTicks(this.axis)) {
      const from = pointAt(share * fullLength, 0);
      const to = pointAt(share * fullLength, end);
      this.chart.append(
        svg("line", { class: "grid", x1: from.x, y1: from.y, x2: to.x, y2: to.y }),
        upright ? textBeside(from, -7, 4, "end", text, "tick") : textBeside(to, 0, 16, "middle", text, "tick"),
      );
    }
  }

  /**
   * @param {number} index of the class
   * @param {number} place among the drawn ones
   * @param {(Arm | null)[]} shownArms
   */
  drawClass(index, place, shownArms) {
    const { upright, group, pitch, nameRoom, pointAt } = this.geometry;
    const whole = this.data.classes[index];
    const name = shortened(whole, nameRoom);
    const middle = (place + 0.5) * group;
    const kind = index === this.data.hard_label ? "class hard" : "class";
    const foot = pointAt(0, middle);
    const label = upright ? textBeside(foot, 0, 18, "middle", name, kind) : textBeside(foot, -8, 4, "end", name, kind);
    if (name !== whole) label.append(svg("title", {}, whole));
    this.chart.append(label);
    return shownArms.map((arm, slot) => {
      const { x, y } = pointAt(0, middle + (slot - shownArms.length / 2) * pitch);
      const rect = svg("rect", {
        x: upright ? x + 1 : x,
        y: upright ? y : y + 1,
        width: pitch - 2,
        height: pitch - 2,
        ...this.inkOf(arm),
        "data-testid": `bar-${arm ? arm.role : "hard"}-${index}`,
      });
      const value = upright
        ? textBeside({ x, y }, pitch / 2, 0, "middle", "", "value")
        : textBeside({ x, y }, 0, pitch / 2 + 3.5, "start", "", "value");
      this.chart.append(rect, value);
      return { rect, value, arm: arm ? this.data.arms.indexOf(arm) : -1, index };
    });
  }

  paint() {
    this.logs = this.data.arms.map((arm) => logSoftmax(arm.logits, this.T));
    for (const bar of this.bars) this.paintBar(bar);
    this.factCells.forEach((cells, a) => this.paintFacts(cells, a));
    const leading = Math.max(0, this.teacher);
    this.many.paint(this.data, leading, this.logs[leading]);
    this.controls.showTemperature(this.T);
  }

  /** @param {Bar} bar */
  paintBar({ rect, value, arm, index }) {
    const { upright, base, fullLength, room } = this.geometry;
    const log = this.axis === "log";
    const p = arm < 0 ? Number(index === this.data.hard_label) : Math.exp(this.logs[arm][index]);
    const length = fullLength * (log ? Math.max(0, 1 + Math.log10(p) / DECADES) : p);
    const end = upright ? base - length : base + length;
    setAttributes(rect, upright ? { height: length, y: end } : { width: length });
    setAttributes(rect, { visibility: length ? "visible" : "hidden", "data-p": p });
    setAttributes(value, upright ? { y: end - 4 } : { x: end + 5 });
    const text = formatFixed(p, 2);
    value.textContent = arm >= 0 && (log ? length : p >= 0.005) && room >= 5 * text.length ? text : "";
  }

  /**
   * @param {HTMLElement[]} cells entropy and, where there is a teacher, divergence
   * @param {number} arm
   */
  paintFacts([entropyCell, divergenceCell], arm) {
    const logs = this.logs[arm];
    const entropy = -expectedValue(logs, logs);
    setAttributes(entropyCell, { "data-value": entropy }).textContent = formatFixed(entropy, 3);
    if (!divergenceCell || arm === this.teacher) return;
    const teacherLogs = this.logs[this.teacher];
    const differences = teacherLogs.map((log, i) => log - logs[i]);
    const divergence = Math.max(0, expectedValue(teacherLogs, differences));
    setAttributes(divergenceCell, { "data-value": divergence }).textContent = divergence
      ? formatFixed(divergence, 3)
      : "0";
  }

  /** What only has to be right at rest: the spoken summary and the table. */
  settle() {
    const { words, classes, arms } = this.data;
    const probabilities = this.logs.map((logs) => logs.map(Math.exp));
    const sentences = arms.map(({ name }, a) => {
      const p = probabilities[a];
      const [first, second] = classes.map((_, i) => i).sort((i, j) => p[j] - p[i]);
      return fillTemplate(words.summary_arm, {
        name,
        first: classes[first],
        p: formatFixed(p[first], 2),
        second: classes[second] ?? "",
        q: formatFixed(p[second] ?? 0, 2),
      });
    });
    const summary = fillTemplate(words.summary, { temperature: formatTemperature(this.T) });
    this.chart?.setAttribute("aria-label", [summary, ...sentences].join(" "));
    this.tableCells.forEach((cells, i) =>
      cells.forEach((cell, a) => {
        cell.textContent = formatFixed(probabilities[a][i], 4);
      }),
    );
  }
}

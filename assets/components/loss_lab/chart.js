/**
 * One row a class: its logits where they can be moved, the two softened probabilities, and an arrow for each term's push.
 * Nodes are made in layout(); paint() only sets attributes, and is all that a drag calls.
 */

import { nameWidth, shortened } from "../bars/classes.js";
import { formatFixed } from "../bars/numbers.js";
import { setAttributes, svg } from "../shared/dom.js";
import { linearScale, roundTicks } from "../shared/scale.js";
import { HIGHEST_LOGIT, LOWEST_LOGIT, LogitHandle } from "./handles.js";

/** @import { RoleStyle } from "../shared/download.js" */
/** @import { Scale } from "../shared/scale.js" */
/** @import { LossTerms } from "./maths.js" */

/** @typedef {{ teacher: RoleStyle, student: RoleStyle, labels: RoleStyle, total: RoleStyle, limit: RoleStyle }} LabStyles */

/**
 * @typedef {object} Row the nodes of one class
 * @property {number} index of the class
 * @property {number} middle
 * @property {Record<string, SVGRectElement>} bars by network
 * @property {Record<string, SVGTextElement>} shares by network
 * @property {Record<string, SVGPathElement>} shafts of the arrows, by term
 * @property {Record<string, SVGPathElement>} heads
 * @property {SVGPathElement} limit
 */

const GAP = 34;
// Below this width the last panel has a short title.
const WIDE = 560;
const HEAD = 26;
const ARROWS = ["labels", "teacher", "total"];
const WHO = ["teacher", "student"];

/**
 * Shaft and head of an arrow from zero to a length; where there is no room for a head, a dot.
 * @param {number} x where zero is
 * @param {number} y
 * @param {number} to
 * @returns {[string, string]}
 */
function arrowPaths(x, y, to) {
  const length = to - x;
  const head = Math.min(9, Math.abs(length)) * Math.sign(length);
  if (Math.abs(length) < 1) return ["", `M${x - 1.5} ${y - 1.5}h3v3h-3z`];
  return [`M${x} ${y}H${to - head}`, `M${to} ${y}L${to - head} ${y - 4.5}V${y + 4.5}Z`];
}

/** @param {number} largest */
export function niceLimit(largest) {
  const power = 10 ** Math.floor(Math.log10(Math.max(largest, 1e-9)));
  return power * /** @type {number} */ ([1, 2, 5, 10].find((factor) => factor * power >= largest * 0.999));
}

export class LossChart {
  /** @type {Row[]} */
  rows = [];
  /** @type {LogitHandle[]} */
  handles = [];
  /** @type {Scale} */
  logits;
  /** @type {Scale} */
  shares;
  /** @type {[number, number]} */
  arrowPixels;
  /** @type {number} */
  nameRoom;
  /** @type {SVGLineElement} */
  zero;
  /** @type {SVGTextElement[]} */
  pushTicks = [];
  /** The gradient at which the arrows' axis ends; it grows under the hand and shrinks at rest. */
  limit = 0.01;

  /**
   * @param {object} options
   * @param {string} options.id
   * @param {string[]} options.names of all classes
   * @param {number[]} options.drawn which of them have a row
   * @param {number | null} options.label
   * @param {boolean} options.draggable
   * @param {LabStyles} options.styles
   * @param {Record<string, string>} options.words
   * @param {number} options.width
   * @param {(who: string, index: number, value: number) => void} options.onMove
   * @param {() => void} options.onRelease
   */
  constructor(options) {
    this.options = options;
    const { id, drawn, width, draggable } = options;
    this.pitch = draggable ? 66 : 42;
    this.height = HEAD + drawn.length * this.pitch + 26;
    this.root = svg("svg", {
      role: draggable ? "group" : "img",
      width,
      height: this.height,
      viewBox: `0 0 ${width} ${this.height}`,
      "data-testid": `${id}-chart`,
    });
    this.place();
    this.drawFrame();
    this.rows = drawn.map((index, at) => this.drawRow(index, HEAD + (at + 0.5) * this.pitch));
  }

  place() {
    const { width, names, drawn, draggable } = this.options;
    this.nameRoom = Math.min(width / 5, 12 + Math.max(...drawn.map((index) => nameWidth(names[index]))));
    const room = width - this.nameRoom - (draggable ? 3 : 2) * GAP;
    const [logitShare, barShare] = draggable ? [0.36, 0.24] : [0, 0.42];
    const barsFrom = this.nameRoom + (draggable ? logitShare * room + GAP : 0) + GAP / 2;
    const barsTo = barsFrom + barShare * room;
    this.logits = linearScale(
      [LOWEST_LOGIT, HIGHEST_LOGIT],
      [this.nameRoom + GAP / 2, this.nameRoom + GAP / 2 + logitShare * room],
    );
    this.shares = linearScale([0, 1], [barsFrom, barsTo]);
    this.arrowPixels = [barsTo + GAP, width - GAP / 2];
  }

  /** @returns {Scale} */
  get pushes() {
    return linearScale([-this.limit, this.limit], this.arrowPixels);
  }

  drawFrame() {
    const { words, draggable, styles, id, width } = this.options;
    const pattern = svg(
      "pattern",
      { id: `${id}-student`, width: 6, height: 6, patternUnits: "userSpaceOnUse" },
      svg("rect", { width: 6, height: 6, fill: styles.student.colour, "fill-opacity": 0.3 }),
      svg("path", { d: styles.student.pattern, stroke: styles.student.colour, "stroke-width": 1.7 }),
    );
    this.root.append(svg("defs", {}, pattern));
    if (draggable) this.drawScale(this.logits, roundTicks([LOWEST_LOGIT, HIGHEST_LOGIT], 4), words.logit);
    this.drawScale(this.shares, [0, 0.5, 1], words.probability);
    const from = this.arrowPixels[0];
    this.root.append(svg("text", { class: "head", x: from, y: 13 }, width < WIDE ? words.push_short : words.push));
    this.zero = svg("line", { class: "axis", y1: HEAD - 4, y2: this.height - 20 });
    this.pushTicks = [-1, 0, 1].map(() => svg("text", { class: "tick", y: this.height - 6, "text-anchor": "middle" }));
    this.root.append(this.zero, ...this.pushTicks);
  }

  /**
   * @param {Scale} scale
   * @param {number[]} ticks
   * @param {string} title
   */
  drawScale(scale, ticks, title) {
    this.root.append(svg("text", { class: "head", x: scale(ticks[0]), y: 13 }, title));
    for (const tick of ticks) {
      const x = scale(tick);
      this.root.append(
        svg("line", { class: "grid", x1: x, x2: x, y1: HEAD - 4, y2: this.height - 20 }),
        svg("text", { class: "tick", x, y: this.height - 6, "text-anchor": "middle" }, String(tick)),
      );
    }
  }

  /**
   * @param {number} index
   * @param {number} middle
   * @returns {Row}
   */
  drawRow(index, middle) {
    const { names, label, styles, draggable, id } = this.options;
    const shown = shortened(names[index], this.nameRoom - 8);
    const name = svg("text", { x: 0, y: middle + 4, class: index === label ? "name hard" : "name" }, shown);
    if (shown !== names[index]) name.append(svg("title", {}, names[index]));
    const lines = svg("line", {
      class: "row",
      x1: 0,
      x2: this.options.width,
      y1: middle + this.pitch / 2,
      y2: middle + this.pitch / 2,
    });
    this.root.append(lines, name);
    const outline = svg("rect", {
      class: "outline",
      x: this.shares(0),
      y: middle - 13,
      width: this.shares(1) - this.shares(0),
      height: 26,
      visibility: index === label ? "visible" : "hidden",
    });
    const bars = Object.fromEntries(
      WHO.map((who, at) => {
        const place = { x: this.shares(0), y: middle - 12 + at * 12, height: 11 };
        const fill = who === "teacher" ? styles.teacher.colour : `url(#${id}-student)`;
        return [who, svg("rect", { ...place, fill, stroke: fill, "data-testid": `${id}-p-${who}-${index}` })];
      }),
    );
    bars.student.setAttribute("stroke", styles.student.colour);
    const shares = Object.fromEntries(
      WHO.map((who, at) => [who, svg("text", { class: "value", y: middle - 3 + at * 12 })]),
    );
    const inkOf = (/** @type {string} */ term) => styles[/** @type {"total"} */ (term)].colour;
    const shafts = Object.fromEntries(
      ARROWS.map((term) => {
        const ink = { stroke: inkOf(term), class: `arrow ${term}`, "data-testid": `${id}-push-${term}-${index}` };
        return [term, svg("path", ink)];
      }),
    );
    const heads = Object.fromEntries(ARROWS.map((term) => [term, svg("path", { fill: inkOf(term) })]));
    const limit = svg("path", { class: "limit", stroke: styles.limit.colour, "data-testid": `${id}-limit-${index}` });
    this.root.append(
      outline,
      ...Object.values(bars),
      ...Object.values(shares),
      limit,
      ...Object.values(shafts),
      ...Object.values(heads),
    );
    if (draggable) this.drawHandles(index, middle);
    return { index, middle, bars, shares, shafts, heads, limit };
  }

  /**
   * @param {number} index
   * @param {number} middle
   */
  drawHandles(index, middle) {
    const { names, styles, words, id, onMove, onRelease } = this.options;
    WHO.forEach((who, at) => {
      const y = middle + (at ? 15 : -15);
      this.root.append(
        svg("line", { class: "rail", x1: this.logits(LOWEST_LOGIT), x2: this.logits(HIGHEST_LOGIT), y1: y, y2: y }),
      );
      const handle = new LogitHandle({
        name: `${names[index]}: ${words[`logit_${who}`]}`,
        testid: `${id}-logit-${who}-${index}`,
        style: styles[/** @type {"teacher"} */ (who)],
        y,
        scale: this.logits,
        onMove: (value) => onMove(who, index, value),
        onRelease,
      });
      this.handles.push(handle);
      this.root.append(handle.root);
    });
  }

  /**
   * @param {LossTerms} terms
   * @param {number[]} teacher logits
   * @param {number[]} student logits
   * @param {boolean} atRest whether the axis may shrink
   */
  paint(terms, teacher, student, atRest) {
    const shown = this.rows.map(({ index }) => index);
    const largest = Math.max(
      ...shown.flatMap((k) => [terms.labels.gradient[k], terms.teacher.gradient[k], terms.total[k]]).map(Math.abs),
    );
    if (atRest || largest > this.limit) this.limit = niceLimit(largest);
    const scale = this.pushes;
    setAttributes(this.zero, { x1: scale(0), x2: scale(0) });
    this.pushTicks.forEach((tick, at) => {
      const value = (at - 1) * this.limit;
      setAttributes(tick, { x: scale(value) }).textContent = String(Number(value.toPrecision(1)));
    });
    for (const row of this.rows) this.paintRow(row, terms, scale);
    this.handles.forEach((handle, at) => handle.show((at % 2 ? student : teacher)[Math.floor(at / 2)]));
  }

  /**
   * @param {Row} row
   * @param {LossTerms} terms
   * @param {Scale} scale
   */
  paintRow(
    { index, middle, bars, shares, shafts, heads, limit },
    { p, q, labels, teacher, total, limit: limits },
    scale,
  ) {
    const probabilities = { teacher: p[index], student: q[index] };
    for (const [who, share] of Object.entries(probabilities)) {
      setAttributes(bars[who], { width: this.shares(share) - this.shares(0), "data-p": share });
      setAttributes(shares[who], { x: this.shares(share) + 5 }).textContent = formatFixed(share, 2);
    }
    const gradients = { labels: labels.gradient[index], teacher: teacher.gradient[index], total: total[index] };
    ARROWS.forEach((term, at) => {
      const gradient = gradients[/** @type {"total"} */ (term)];
      const [shaft, head] = arrowPaths(scale(0), middle + (at - 1) * 12, scale(-gradient));
      setAttributes(shafts[term], { d: shaft, "data-gradient": gradient });
      setAttributes(heads[term], { d: head });
    });
    // Beyond the axis it would lie on another panel.
    const end = Math.max(-this.limit, Math.min(this.limit, -limits[index]));
    setAttributes(limit, { d: `M${scale(end)} ${middle - 5}v10`, "data-gradient": limits[index] });
  }
}

/** Charts by class and by confidence: accuracy and agreement with intervals, and the reliability diagram. */

import { shortened } from "../bars/classes.js";
import { fillTemplate, setAttributes, svg } from "../shared/dom.js";
import { Choices } from "./choices.js";
import { BINS, calibrationError, calibrationSums, classCounts, wilsonInterval } from "./counts.js";
import { textAtPlace } from "./view.js";

/** @import { Choice } from "./choices.js" */
/** @import { Scene } from "./view.js" */

const CLASS_ROW = 24;
const CLASS_HEAD = 22;
const RELIABILITY_HEIGHT = 190;
const RELIABILITY_MARGIN = { left: 40, top: 8 };
const COUNT_HEIGHT = 26;
const AGREEMENT = "m0-5l1.6 3.4l3.4 1.6l-3.4 1.6l-1.6 3.4l-1.6-3.4l-3.4-1.6l3.4-1.6z";

/** @param {number} share */
const percent = (share) => (Number.isFinite(share) ? (100 * share).toFixed(1) : "–");

/**
 * By class: images, right answers of both networks, and equal answers.
 * @param {Scene} scene
 */
function shares({ a, b, labels, classes }) {
  const count = (/** @type {(i: number) => boolean} */ fulfils) => classCounts(labels, classes.length, null, fulfils);
  return {
    totals: count(() => true),
    series: [
      count((i) => a.chosen[i] === labels[i]),
      count((i) => b.chosen[i] === labels[i]),
      count((i) => a.chosen[i] === b.chosen[i] && a.chosen[i] >= 0),
    ],
  };
}

/** A row for each class: two accuracies and the agreement, as marks with 95 % intervals. */
export class Classes {
  /** @type {{ marks: SVGPathElement[], lines: SVGLineElement[], part: SVGRectElement, choice: Choice }[]} */
  lanes = [];
  left = 0;
  span = 0;
  low = 0;
  ticks = svg("g");

  /** @param {(pick: string) => void} select */
  constructor(select) {
    this.choices = new Choices(select);
  }

  /**
   * @param {Scene} scene
   * @param {number} width
   * @param {SVGSVGElement} chart
   */
  layout(scene, width, chart) {
    const { classes, drawn, sides, words } = scene;
    const longest = Math.max(...drawn.map((i) => classes[i].length));
    this.left = Math.min(12 + 7 * longest, width * 0.3);
    this.span = width - this.left - 12;
    const looks = [...sides.map(({ style }) => [style.colour, style.marker]), ["var(--st-text-color)", AGREEMENT]];
    this.lanes = drawn.map((index, place) => {
      const y = CLASS_HEAD + place * CLASS_ROW;
      const back = svg("rect", { x: 0, y, width: width - 1, height: CLASS_ROW, class: "back" });
      const part = svg("rect", { x: this.left, y: y + CLASS_ROW - 3, height: 2.5, class: "selected-share" });
      const lines = looks.map(([colour], i) =>
        svg("line", { y1: y + 5 + 6 * i, y2: y + 5 + 6 * i, style: `stroke:${colour}`, class: "interval" }),
      );
      const marks = looks.map(([colour]) => svg("path", { style: `fill:${colour}` }));
      const name = textAtPlace(this.left - 6, y + 16, "end", shortened(classes[index], this.left - 8));
      const choice = {
        pick: `class:${index}`,
        node: svg("g", {}, back, part, name, ...lines, ...marks),
        area: { x: 1, y: y + 1, width: width - 3, height: CLASS_ROW - 2 },
      };
      return { marks, lines, part, choice };
    });
    this.choices.replace(
      "",
      this.lanes.map(({ choice }) => choice),
    );
    const floor = CLASS_HEAD + drawn.length * CLASS_ROW;
    const names = [...sides.map(({ name }) => name), words.agreement];
    const legend = looks.map(([colour, marker], i) => {
      const y = floor + 36 + 18 * i;
      return svg(
        "g",
        {},
        svg("path", { d: `M9 ${y - 4}${marker}`, style: `fill:${colour}` }),
        textAtPlace(20, y, "start", names[i]),
      );
    });
    chart.replaceChildren(this.ticks, this.choices.box, this.choices.ring, ...legend);
    return floor + 36 + 18 * 3;
  }

  /** @param {Scene} scene */
  paint(scene) {
    const { classes, drawn, mask, labels, selected, words } = scene;
    const { totals, series } = shares(scene);
    const inside = classCounts(labels, classes.length, mask, () => true);
    const intervals = drawn.map((index) => series.map((counts) => wilsonInterval(counts[index], totals[index])));
    // The axis begins at a round number below all that is drawn, and says so by its ticks.
    this.low = Math.max(0, Math.floor(10 * Math.min(0.9, ...intervals.flat().map(([low]) => low))) / 10);
    const x = (/** @type {number} */ share) => this.left + (this.span * (share - this.low)) / (1 - this.low);
    this.lanes.forEach(({ marks, lines, part, choice }, place) => {
      const index = drawn[place];
      const y = CLASS_HEAD + place * CLASS_ROW;
      marks.forEach((mark, i) => {
        const share = series[i][index] / totals[index];
        const [from, to] = intervals[place][i];
        setAttributes(lines[i], { x1: x(from), x2: x(to), visibility: totals[index] ? "visible" : "hidden" });
        const look = i < 2 ? scene.sides[i].style.marker : AGREEMENT;
        setAttributes(mark, { d: totals[index] ? `M${x(share)} ${y + 5 + 6 * i}${look}` : "", "data-share": share });
      });
      setAttributes(part, { width: mask ? (this.span * inside[index]) / Math.max(1, selected) : 0 });
      choice.node.setAttribute("data-selected", String(mask ? inside[index] : 0));
      choice.node.setAttribute("aria-label", this.spoken(scene, index, totals[index], series, mask ? inside : null));
    });
    const floor = CLASS_HEAD + drawn.length * CLASS_ROW;
    this.ticks.replaceChildren(
      ...[this.low, (1 + this.low) / 2, 1].flatMap((share, i) => [
        svg("line", { class: "grid", x1: x(share), x2: x(share), y1: CLASS_HEAD - 4, y2: floor }),
        textAtPlace(x(share), CLASS_HEAD - 8, ["start", "middle", "end"][i], `${Math.round(100 * share)} %`),
      ]),
    );
    this.choices.describe(`${this.words(scene).title}. ${words.classes_note}`);
    this.choices.mark(scene.pick);
  }

  /**
   * @param {Scene} scene
   * @param {number} index
   * @param {number} total
   * @param {Int32Array[]} series
   * @param {Int32Array | null} inside
   */
  spoken({ classes, words, sides }, index, total, series, inside) {
    const [first, second, same] = series.map((counts) => percent(counts[index] / total));
    const facts = { label: classes[index], a: sides[0].name, b: sides[1].name, first, second, same, n: total };
    const text = fillTemplate(words.class_row, facts);
    return inside ? `${text} ${fillTemplate(words.selected_here, { n: inside[index] })}` : text;
  }

  /** @param {Scene} scene */
  words(scene) {
    const { totals, series } = shares(scene);
    const present = scene.classes.map((_, i) => i).filter((i) => totals[i]);
    const agreement = (/** @type {number} */ i) => series[2][i] / totals[i];
    const least = present.reduce((best, i) => (agreement(i) < agreement(best) ? i : best), present[0]);
    if (least === undefined) return { title: scene.words.no_labels, note: "" };
    const facts = { label: scene.classes[least], share: percent(agreement(least)) };
    return { title: fillTemplate(scene.words.classes_title, facts), note: scene.words.classes_note };
  }

  /** @param {Scene} scene */
  rows(scene) {
    const { totals, series } = shares(scene);
    const { words, sides } = scene;
    const names = [...sides.map(({ name }) => name), words.agreement];
    const head = names.flatMap((name) => [`${name} (%)`, `${name}: ${words.interval}`]);
    const rows = scene.classes.map((name, i) => [
      name,
      totals[i],
      ...series.flatMap((counts) => [
        percent(counts[i] / totals[i]),
        wilsonInterval(counts[i], totals[i]).map(percent).join(" – "),
      ]),
    ]);
    return [[words.label_column, words.images_column, ...head], ...rows];
  }
}

/** A reliability diagram of one network: accuracy against confidence, and how many images lie in each bin. */
export class Reliability {
  /** @type {{ bar: SVGRectElement, mean: SVGLineElement, count: SVGRectElement, part: SVGRectElement, choice: Choice }[]} */
  columns = [];
  width = 0;

  /**
   * @param {0 | 1} side
   * @param {(pick: string) => void} select
   */
  constructor(side, select) {
    this.side = side;
    this.letter = side ? "B" : "A";
    this.choices = new Choices(select);
  }

  /** @param {Scene} scene */
  frame({ a, b }) {
    return this.side ? b : a;
  }

  /**
   * @param {Scene} scene
   * @param {number} width
   * @param {SVGSVGElement} chart
   */
  layout({ sides, words }, width, chart) {
    const { left, top } = RELIABILITY_MARGIN;
    this.width = width - left - 6;
    const pitch = this.width / BINS;
    const floor = top + RELIABILITY_HEIGHT;
    const colour = sides[this.side].style.colour;
    this.columns = Array.from({ length: BINS }, (_, bin) => {
      const x = left + bin * pitch;
      const back = svg("rect", {
        x,
        y: top,
        width: pitch,
        height: RELIABILITY_HEIGHT + COUNT_HEIGHT + 4,
        class: "back",
      });
      const bar = svg("rect", { x: x + 1, width: pitch - 2, style: `fill:${colour}`, class: "whole" });
      const mean = svg("line", { y1: top, y2: floor, class: "mean" });
      const count = svg("rect", { x: x + 1, width: pitch - 2, class: "count" });
      const part = svg("rect", { x: x + 1, width: pitch - 2, style: `fill:${colour}` });
      const choice = {
        pick: `bin:${this.letter}:${bin}`,
        node: svg("g", {}, back, bar, mean, count, part),
        area: { x, y: top, width: pitch, height: RELIABILITY_HEIGHT + COUNT_HEIGHT + 4 },
      };
      return { bar, mean, count, part, choice };
    });
    this.choices.replace(
      "",
      this.columns.map(({ choice }) => choice),
    );
    const diagonal = svg("path", { d: `M${left} ${floor}L${left + this.width} ${top}`, class: "diagonal-line" });
    const ticks = [0, 0.5, 1].flatMap((share) => [
      textAtPlace(left - 5, floor - share * RELIABILITY_HEIGHT + 4, "end", `${100 * share} %`),
      textAtPlace(
        left + share * this.width,
        floor + COUNT_HEIGHT + 20,
        share ? (share === 1 ? "end" : "middle") : "start",
        `${100 * share} %`,
      ),
    ]);
    const axis = textAtPlace(left + this.width / 2, floor + COUNT_HEIGHT + 38, "middle", words.confidence_axis);
    chart.replaceChildren(this.choices.box, diagonal, this.choices.ring, ...ticks, axis);
    return floor + COUNT_HEIGHT + 46;
  }

  /** @param {Scene} scene */
  paint(scene) {
    const bins = calibrationSums(this.frame(scene), scene.labels, null);
    const inside = calibrationSums(this.frame(scene), scene.labels, scene.mask);
    const most = Math.max(1, ...bins.map((bin) => bin.count));
    const { top, left } = RELIABILITY_MARGIN;
    const floor = top + RELIABILITY_HEIGHT;
    // The root keeps bins of a few images in sight.
    const strip = (/** @type {number} */ count) => COUNT_HEIGHT * Math.sqrt(count / most);
    this.columns.forEach(({ bar, mean, count, part, choice }, i) => {
      const { count: n, confidence, right } = bins[i];
      const height = n ? (RELIABILITY_HEIGHT * right) / n : 0;
      setAttributes(bar, { y: floor - height, height, "data-accuracy": n ? right / n : "" });
      const x = left + (n ? (this.width * confidence) / n : 0);
      setAttributes(mean, { x1: x, x2: x, y1: floor - height - 4, y2: floor - height + 4 });
      mean.setAttribute("visibility", n ? "visible" : "hidden");
      setAttributes(count, { y: floor + 3, height: strip(n), "data-count": n });
      const shown = scene.mask ? strip(inside[i].count) : 0;
      setAttributes(part, { y: floor + 3, height: shown, "data-count": scene.mask ? inside[i].count : 0 });
      const facts = { from: percent(i / BINS), to: percent((i + 1) / BINS), n, right: percent(right / n) };
      const text = fillTemplate(n ? scene.words.reliability_bin : scene.words.reliability_empty, facts);
      const more = scene.mask ? ` ${fillTemplate(scene.words.selected_here, { n: inside[i].count })}` : "";
      choice.node.setAttribute("aria-label", text + more);
    });
    this.choices.describe(this.words(scene).title);
    this.choices.mark(scene.pick);
  }

  /** @param {Scene} scene */
  words(scene) {
    const bins = calibrationSums(this.frame(scene), scene.labels, null);
    const total = (/** @type {"count" | "confidence" | "right"} */ name) =>
      bins.reduce((sum, bin) => sum + bin[name], 0);
    const n = total("count");
    const name = scene.sides[this.side].name;
    if (!n) return { title: fillTemplate(scene.words.no_answer, { name }), note: "" };
    const facts = {
      name,
      sure: percent(total("confidence") / n),
      right: percent(total("right") / n),
      error: percent(calibrationError(bins)),
    };
    return { title: fillTemplate(scene.words.reliability_title, facts), note: scene.words.reliability_note };
  }

  /** @param {Scene} scene */
  rows(scene) {
    const bins = calibrationSums(this.frame(scene), scene.labels, scene.mask);
    const { words } = scene;
    const head = [words.confidence_axis, words.images_column, words.confidence_mean, words.accuracy_column];
    return [
      head,
      ...bins.map(({ count, confidence, right }, i) => [
        `${percent(i / BINS)} – ${percent((i + 1) / BINS)}`,
        count,
        percent(confidence / count),
        percent(right / count),
      ]),
    ];
  }
}

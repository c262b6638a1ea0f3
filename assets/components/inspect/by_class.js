/** By class: accuracy of both networks and their agreement, with intervals. */

import { shortened } from "../bars/classes.js";
import { fillTemplate, setAttributes, svg } from "../shared/dom.js";
import { Choices } from "./choices.js";
import { classCounts, wilsonInterval } from "./counts.js";
import { textAtPlace } from "./view.js";

/** @import { Choice } from "./choices.js" */
/** @import { Scene } from "./view.js" */

const CLASS_ROW = 24;
const CLASS_HEAD = 22;
const AGREEMENT = "m0-5l1.6 3.4l3.4 1.6l-3.4 1.6l-1.6 3.4l-1.6-3.4l-3.4-1.6l3.4-1.6z";

/** @param {number} share */
export const percent = (share) => (Number.isFinite(share) ? (100 * share).toFixed(1) : "–");

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

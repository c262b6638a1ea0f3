/** The reliability diagram: whether a network is as often right as it is sure. */

import { fillTemplate, setAttributes, svg } from "../shared/dom.js";
import { percent } from "./by_class.js";
import { Choices } from "./choices.js";
import { BINS, calibrationError, calibrationSums } from "./counts.js";
import { textAtPlace } from "./view.js";

/** @import { Choice } from "./choices.js" */
/** @import { Scene } from "./view.js" */

const RELIABILITY_HEIGHT = 190;
const RELIABILITY_MARGIN = { left: 40, top: 8 };
const COUNT_HEIGHT = 26;

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

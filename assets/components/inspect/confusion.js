/** A confusion matrix of one network, or how two of them differ: rows are labels, columns answers. */

import { shortened } from "../bars/classes.js";
import { LETTER_COLOUR, gainColour, shareColours } from "../shared/colours.js";
import { fillTemplate, setAttributes, svg } from "../shared/dom.js";
import { Choices } from "./choices.js";
import { confusionCounts } from "./counts.js";
import { textAtPlace } from "./view.js";

/** @import { Choice } from "./choices.js" */
/** @import { Scene } from "./view.js" */

/**
 * One cell; `drawn` is what it shows, so that only what changes is touched.
 * @typedef {object} Cell
 * @property {number} row
 * @property {number} column
 * @property {SVGRectElement} fill
 * @property {SVGTextElement} value
 * @property {Choice} choice
 * @property {string} drawn
 */

const LARGEST_CELL = 34;
const TOP = 34;

/**
 * The largest cell beside the diagonal, or null where all are 0.
 * @param {ArrayLike<number>} counts
 * @param {number} classes
 */
function largestError(counts, classes) {
  let best = null;
  for (let i = 0; i < classes * classes; i += 1) {
    const [row, column] = [Math.floor(i / classes), i % classes];
    if (row !== column && Math.abs(counts[i]) > Math.abs(best?.count ?? 0)) best = { row, column, count: counts[i] };
  }
  return best;
}

export class Confusion {
  /** @type {Cell[]} */
  cells = [];

  /**
   * @param {"A" | "B" | "D"} side the first network, the second, or the second minus the first
   * @param {(pick: string) => void} select
   */
  constructor(side, select) {
    this.side = side;
    this.choices = new Choices(select);
  }

  /**
   * @param {Scene} scene
   * @param {Uint8Array | null} mask
   */
  counts({ a, b, labels, classes }, mask) {
    if (this.side !== "D") return confusionCounts(this.side === "A" ? a : b, labels, classes.length, mask);
    const first = confusionCounts(a, labels, classes.length, mask);
    return confusionCounts(b, labels, classes.length, mask).map((count, i) => count - first[i]);
  }

  /**
   * @param {Scene} scene
   * @param {number} width
   * @param {SVGSVGElement} chart
   */
  layout({ classes, drawn, words }, width, chart) {
    const longest = Math.max(...drawn.map((i) => classes[i].length));
    const left = Math.min(26 + 7 * longest, width * 0.3);
    const size = Math.min(LARGEST_CELL, (width - left - 2) / drawn.length);
    const names = drawn.flatMap((i, place) => {
      const middle = (place + 0.5) * size;
      return [
        textAtPlace(left - 5, TOP + middle + 4, "end", shortened(classes[i], left - 8)),
        textAtPlace(left + middle, TOP - 5, "middle", shortened(classes[i], size + 2)),
      ];
    });
    this.cells = drawn.flatMap((row, y) =>
      drawn.map((column, x) => this.makeCell(row, column, { x: left + x * size, y: TOP + y * size, size })),
    );
    this.choices.replace(
      "",
      this.cells.map(({ choice }) => choice),
    );
    const corner = textAtPlace(left, 12, "start", words.answer_axis);
    chart.replaceChildren(corner, ...names, this.choices.box, this.choices.ring);
    return TOP + drawn.length * size + 4;
  }

  /**
   * @param {number} row
   * @param {number} column
   * @param {{ x: number, y: number, size: number }} place
   * @returns {Cell}
   */
  makeCell(row, column, { x, y, size }) {
    const area = { x: x + 0.75, y: y + 0.75, width: size - 1.5, height: size - 1.5 };
    const fill = svg("rect", { ...area, rx: 2 });
    const value = textAtPlace(x + size / 2, y + size / 2 + 4, "middle", "", "number");
    value.setAttribute("font-size", `${Math.max(7, Math.min(11, size / 2.6))}px`);
    const choice = { pick: `cell:${this.side}:${row}:${column}`, node: svg("g", {}, fill, value), area };
    return { row, column, fill, value, choice, drawn: "" };
  }

  /** @param {Scene} scene */
  paint(scene) {
    const { classes, words, mask, selected } = scene;
    const whole = this.counts(scene, null);
    const counts = mask ? this.counts(scene, mask) : whole;
    const totals = classes.map((_, row) => whole.slice(row * classes.length, (row + 1) * classes.length));
    const sums = totals.map((row) => row.reduce((sum, count) => sum + count, 0));
    const most = Math.max(1, ...counts.map(Math.abs));
    for (const cell of this.cells) {
      const { row, column, fill, value, choice } = cell;
      const at = row * classes.length + column;
      const count = counts[at];
      const share = mask ? count / Math.max(1, selected) : count / Math.max(1, sums[row]);
      const colours =
        this.side === "D"
          ? { fill: gainColour(count / most), letters: LETTER_COLOUR }
          : shareColours(Math.sqrt(Math.max(0, share)));
      const drawn = `${count} ${whole[at]} ${colours.fill} ${!!mask}`;
      if (drawn === cell.drawn) continue;
      cell.drawn = drawn;
      const kind = `cell${row === column ? " diagonal" : ""}${count || !whole[at] ? "" : " beside"}`;
      setAttributes(fill, { class: kind, "data-count": count, "data-whole": whole[at] });
      fill.style.fill = count ? colours.fill : "";
      value.setAttribute("fill", colours.letters);
      value.textContent = count ? this.written(count) : "";
      const facts = { label: classes[row], answer: classes[column], n: this.written(count), all: whole[at] };
      choice.node.setAttribute("aria-label", fillTemplate(mask ? words.cell_selected : words.cell, facts));
    }
    this.choices.describe(this.words(scene).title);
    this.choices.mark(scene.pick);
  }

  /** @param {number} count */
  written(count) {
    return this.side === "D" && count > 0 ? `+${count}` : String(count).replace("-", "−");
  }

  /** @param {Scene} scene */
  words(scene) {
    const { classes, words, sides, drawn } = scene;
    const found = largestError(this.counts(scene, null), classes.length);
    const name = sides[this.side === "B" ? 1 : 0].name;
    const [a, b] = sides.map((side) => side.name);
    const left = drawn.length < classes.length ? ` ${fillTemplate(words.few_classes, { n: drawn.length })}` : "";
    const note = (this.side === "D" ? words.difference_note : words.confusion_note) + left;
    if (!found)
      return { title: fillTemplate(this.side === "D" ? words.no_difference : words.no_error, { name }), note };
    const facts = { name, a, b, n: Math.abs(found.count), label: classes[found.row], answer: classes[found.column] };
    const difference = found.count > 0 ? words.difference_more : words.difference_less;
    return { title: fillTemplate(this.side === "D" ? difference : words.confusion_title, facts), note };
  }

  /** @param {Scene} scene */
  rows(scene) {
    const { classes, words } = scene;
    const counts = this.counts(scene, scene.mask);
    const rows = classes.map((name, row) => [name, ...counts.slice(row * classes.length, (row + 1) * classes.length)]);
    return [[words.label_column, ...classes], ...rows];
  }
}

/**
 * A map of a sweep: every cell is coloured by its gain and has it written in; the cell that is pointed at shows its bars.
 * Nodes are made in layout(); paint() only sets attributes (both in cells.js), so a new epoch neither blinks nor moves
 * the focus.
 */

import { BarChart } from "../bars/chart.js";
import { LETTER_COLOUR } from "../shared/colours.js";
import { html, makeButton, setAttributes, svg } from "../shared/dom.js";
import { downloadPng, downloadSvg } from "../shared/download.js";
import { layoutMap, paintCells, paintKey, placeCells, widened } from "./cells.js";

/** @import { SavePicture } from "../shared/download.js" */
/** @import { BarsData, SetState } from "../bars/chart.js" */
/** @import { CellNode, Sizes } from "./cells.js" */

/** @typedef {{ title: string, labels: string[], shares: number[] | null }} MapAxis */

/**
 * One cell as `MapCell.as_data` in Python tells it, with its centre in pixels.
 * @typedef {object} MapCell
 * @property {number} index
 * @property {number} x
 * @property {number} y
 * @property {string} name
 * @property {string[]} lines
 * @property {number | null} gain
 * @property {string} value
 * @property {boolean} zero
 * @property {string} mark
 * @property {boolean} best
 * @property {boolean} opens
 * @property {(number | null)[]} answers
 * @property {string} label
 * @property {number} cx
 * @property {number} cy
 */

/**
 * What `gain_map_chart` in Python sends; the bars lack only the logits of the cell that is looked at.
 * @typedef {object} MapData
 * @property {MapAxis} x
 * @property {MapAxis} y
 * @property {boolean} scatter
 * @property {number} limit
 * @property {MapCell[]} cells
 * @property {BarsData | null} bars
 * @property {number[][]} logits
 * @property {number} chosen
 * @property {Record<string, string>} words
 * @property {string} alt
 * @property {string} title
 * @property {string} subtitle
 * @property {string} note
 * @property {string} file
 */

/** @type {Record<string, [number, number]>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class GainMap {
  /** @type {MapData} */
  data;
  /** @type {SetState} */
  trigger;
  /** @type {SetState} */
  setState;
  /** @type {number} index of the cell whose bars are shown */
  current;
  /** @type {number | undefined} index of the cell that a finger has tapped once */
  tapped;
  /** @type {BarChart | undefined} */
  bars;
  /** @type {Sizes | undefined} */
  sizes;
  /** @type {string} of what is drawn: nodes are made anew when it changes */
  shape;
  /** @type {Map<number, MapCell>} */
  cells = new Map();
  /** @type {Map<number, CellNode>} */
  nodes = new Map();
  width = 0;
  /** Whether a person has pointed at a cell. */
  touched = false;

  /** @param {Node & ParentNode} parent */
  constructor(parent) {
    this.id = `hatch-${Math.random().toString(36).slice(2)}`;
    this.yTitle = html("div", { class: "map-y" });
    this.frame = svg("g");
    this.box = svg("g", { role: "listbox", tabindex: 0, "data-testid": "map-cells" });
    this.ring = svg("rect", { class: "map-ring", rx: 4 });
    this.key = svg("g");
    const defs = svg("defs", {}, this.makeHatch());
    this.chart = svg("svg", { "data-testid": "map" }, defs, this.frame, this.box, this.ring, this.key);
    this.plot = html("div", { class: "map-plot" }, this.chart);
    this.saveButtons = {
      png: makeButton({ "data-testid": "map-png" }, () => this.savePicture(downloadPng)),
      svg: makeButton({ "data-testid": "map-svg" }, () => this.savePicture(downloadSvg)),
    };
    this.name = html("div", { class: "map-name", "data-testid": "map-name" });
    this.lines = html("div", { class: "map-lines", "data-testid": "map-lines" });
    this.openButton = makeButton({ "data-testid": "map-open" }, () => this.open(this.current));
    this.about = html("p", { class: "map-about" });
    this.note = html("p", { class: "map-about" });
    this.stage = html("div", { class: "map-bars" });
    const tools = html("div", { class: "tools" }, ...Object.values(this.saveButtons));
    const left = html("div", { class: "map-left" }, this.yTitle, this.plot, this.note, tools);
    const head = html("div", { class: "map-head" }, html("div", {}, this.name, this.lines), this.openButton);
    parent.append(
      html("div", { class: "map" }, left, html("div", { class: "map-panel" }, head, this.about, this.stage)),
    );
    this.listen();
    new ResizeObserver(() => {
      if (this.plot.clientWidth !== this.width) this.layout();
    }).observe(this.plot);
  }

  makeHatch() {
    return svg(
      "pattern",
      { id: this.id, width: 7, height: 7, patternUnits: "userSpaceOnUse" },
      svg("path", {
        d: "M-1 1L1-1M0 7L7 0M6 8L8 6",
        stroke: LETTER_COLOUR,
        "stroke-opacity": 0.45,
        "stroke-width": 1.1,
      }),
    );
  }

  layout() {
    if (layoutMap(this)) this.paint();
  }

  paint() {
    if (!this.sizes) return;
    paintCells(this);
    paintKey(this);
    this.show(this.current);
  }

  listen() {
    const cellUnder = (/** @type {Event} */ event) => {
      const node = /** @type {Element} */ (event.target).closest("[data-cell]");
      return node ? Number(node.getAttribute("data-cell")) : null;
    };
    this.box.onpointerover = (event) => {
      const index = cellUnder(event);
      if (event.pointerType === "mouse" && index !== null) this.touch(index);
    };
    this.box.onclick = (event) => {
      const index = cellUnder(event);
      if (index === null) return;
      // A finger cannot hover: its first tap shows the cell, the second one opens it.
      const firstTap = /** @type {PointerEvent} */ (event).pointerType === "touch" && index !== this.tapped;
      this.touch(index);
      if (firstTap) this.tapped = index;
      else this.open(this.current);
    };
    this.box.onkeydown = (event) => {
      const arrow = ARROWS[event.key];
      if (!arrow && event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      if (arrow) this.walk(...arrow);
      else this.open(this.current);
    };
  }

  /** @param {number} index */
  open(index) {
    if (this.cells.get(index)?.opens) this.trigger("opened", index);
  }

  /** @param {number} index */
  touch(index) {
    this.touched = true;
    this.show(index);
  }

  /**
   * Go to the nearest cell on one side; one that is off the line counts as much farther.
   * @param {number} dx
   * @param {number} dy
   */
  walk(dx, dy) {
    const from = this.cells.get(this.current);
    if (!from) return;
    let best = null;
    let least = Infinity;
    for (const cell of this.data.cells) {
      const along = (cell.cx - from.cx) * dx + (cell.cy - from.cy) * dy;
      const off = Math.abs((cell.cx - from.cx) * dy + (cell.cy - from.cy) * dx);
      if (along <= 0.5 || along + 3 * off >= least) continue;
      least = along + 3 * off;
      best = cell.index;
    }
    if (best !== null) this.touch(best);
  }

  /**
   * @param {MapData} data
   * @param {SetState} trigger
   * @param {SetState} setState
   */
  update(data, trigger, setState) {
    this.data = data;
    this.trigger = trigger;
    this.setState = setState;
    const { words, x, y, cells, scatter } = data;
    const shape = JSON.stringify([words, x, y, scatter, cells.map((cell) => [cell.index, cell.x, cell.y])]);
    this.cells = new Map(cells.map((cell) => [cell.index, cell]));
    if (!this.cells.has(this.current) || !this.touched) this.current = data.chosen;
    this.yTitle.textContent = y.title;
    this.note.textContent = data.note;
    for (const [kind, button] of Object.entries(this.saveButtons)) button.textContent = words[kind];
    this.openButton.textContent = words.open;
    this.box.setAttribute("aria-label", data.alt);
    if (shape !== this.shape) {
      this.layout();
    } else {
      placeCells(this);
      this.paint();
    }
    this.shape = shape;
  }

  /** @param {number} index */
  show(index) {
    const cell = this.cells.get(index);
    const node = this.nodes.get(index);
    if (!cell || !node) return;
    this.nodes.get(this.current)?.root.setAttribute("aria-selected", "false");
    this.current = index;
    node.root.setAttribute("aria-selected", "true");
    this.box.setAttribute("aria-activedescendant", node.root.id);
    setAttributes(this.ring, widened(node.area));
    this.name.textContent = cell.name;
    this.lines.replaceChildren(...cell.lines.map((line) => html("div", {}, line)));
    this.openButton.disabled = !cell.opens;
    this.showBars(cell);
  }

  /** @param {MapCell} cell */
  showBars({ answers }) {
    const { bars, logits, words } = this.data;
    const arms = (bars?.arms ?? []).flatMap((arm, i) => {
      const place = answers[i] ?? null;
      return place === null ? [] : [{ ...arm, logits: logits[place] }];
    });
    this.stage.hidden = !arms.length;
    this.about.textContent = bars && arms.length ? bars.picture_alt : words.silent;
    if (!bars || !arms.length) return;
    this.bars ??= new BarChart(this.stage);
    this.bars.update({ ...bars, arms }, this.setState);
  }

  /**
   * Save the picture in the light theme, on which the cells' black letters can be read.
   * @param {SavePicture} save
   */
  async savePicture(save) {
    const { title, subtitle, y, file } = this.data;
    const light = { color: LETTER_COLOUR, "--st-text-color": LETTER_COLOUR, "--st-background-color": "#ffffff" };
    for (const [name, value] of Object.entries(light)) this.chart.style.setProperty(name, value);
    this.ring.setAttribute("visibility", "hidden");
    try {
      await save(this.chart, { title, subtitle, y_title: y.title, series: [], file }, true);
    } finally {
      for (const name of Object.keys(light)) this.chart.style.removeProperty(name);
      this.ring.removeAttribute("visibility");
    }
  }
}

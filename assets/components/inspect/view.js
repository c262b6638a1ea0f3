/** What every view of Inspect is: a finding, a drawing that can be chosen from, a table, and both to take along. */

import { headRow, html, makeButton, setAttributes, svg, tableRow } from "../shared/dom.js";
import { downloadCsv, downloadPng, downloadSvg, quoteCell } from "../shared/download.js";

/** @import { RoleStyle } from "../shared/download.js" */
/** @import { Frame } from "./frames.js" */

/** @typedef {{ role: string, name: string, style: RoleStyle }} Side */

/**
 * What all views draw: the answers after one epoch, and which images are selected.
 * @typedef {object} Scene
 * @property {string[]} classes
 * @property {number[]} drawn the classes that have room in charts by class
 * @property {Record<string, string>} words
 * @property {[Side, Side]} sides
 * @property {Int16Array} labels
 * @property {Frame} a
 * @property {Frame} b
 * @property {Uint8Array} groups
 * @property {string} pick
 * @property {Uint8Array | null} mask
 * @property {number} selected how many images
 * @property {string} shape equal as long as the same marks are drawn
 * @property {string} setting the epoch and where the numbers are from, in words
 */

/**
 * What is special to one view.
 * @typedef {object} Drawing
 * @property {(scene: Scene, width: number, chart: SVGSVGElement) => number} layout makes the nodes; returns the height
 * @property {(scene: Scene) => void} paint sets what changes with epoch and selection
 * @property {(scene: Scene) => { title: string, note: string }} words the finding, and how to read the view
 * @property {(scene: Scene) => (string | number)[][]} rows the head, then a row each
 */

/**
 * @param {number} x
 * @param {number} y
 * @param {string} anchor
 * @param {string} text
 * @param {string} [kind] its class
 */
export function textAtPlace(x, y, anchor, text, kind = "tick") {
  return svg("text", { x, y, "text-anchor": anchor, class: kind }, text);
}

export class View {
  /** @type {Scene} */
  scene;
  /** @type {string | undefined} */
  shape;
  width = 0;

  /**
   * @param {string} name
   * @param {Drawing} drawing
   */
  constructor(name, drawing) {
    this.name = name;
    this.drawing = drawing;
    this.title = html("h2");
    this.note = html("p", { class: "note" });
    this.chart = svg("svg", { "data-testid": `chart-${name}` });
    this.body = html("div", { class: "body" }, this.chart);
    this.summary = html("summary");
    this.table = html("table");
    this.details = html("details", {}, this.summary, html("div", { class: "scroll", tabindex: 0 }, this.table));
    this.details.ontoggle = () => this.fillTable();
    this.csvButton = makeButton({ "data-testid": `csv-${name}` }, () => this.saveCsv());
    this.pngButton = makeButton({ "data-testid": `png-${name}` }, () => downloadPng(this.chart, this.caption(), true));
    this.svgButton = makeButton({ "data-testid": `svg-${name}` }, () => downloadSvg(this.chart, this.caption(), true));
    const tools = html("div", { class: "tools" }, this.csvButton, this.pngButton, this.svgButton, this.details);
    this.root = html(
      "section",
      { class: "view", "data-testid": `view-${name}` },
      this.title,
      this.note,
      this.body,
      tools,
    );
    new ResizeObserver(() => {
      if (this.scene && this.body.clientWidth !== this.width) this.redraw();
    }).observe(this.body);
  }

  /** @param {Scene} scene */
  show(scene) {
    this.scene = scene;
    const { words } = scene;
    this.csvButton.textContent = words.csv;
    this.pngButton.textContent = words.png;
    this.svgButton.textContent = words.svg;
    this.summary.textContent = words.table;
    // The width is not asked for here: every question would have the browser lay the page out once more.
    if (scene.shape !== this.shape || !this.width) this.redraw();
    else this.repaint();
  }

  redraw() {
    this.width = this.body.clientWidth;
    if (!this.width) return;
    this.shape = this.scene.shape;
    const height = this.drawing.layout(this.scene, this.width, this.chart);
    setAttributes(this.chart, { width: this.width, height, viewBox: `0 0 ${this.width} ${height}` });
    this.repaint();
  }

  repaint() {
    if (!this.width) return;
    const { title, note } = this.drawing.words(this.scene);
    this.title.textContent = title;
    this.note.textContent = note;
    this.drawing.paint(this.scene);
    this.fillTable();
  }

  fillTable() {
    if (!this.details.open) return;
    const [head, ...rows] = this.drawing.rows(this.scene).map((row) => row.map(String));
    this.table.replaceChildren(
      headRow(head[0], ...head.slice(1)),
      ...rows.map(([first, ...rest]) => tableRow(first, ...rest)),
    );
  }

  saveCsv() {
    const lines = this.drawing
      .rows(this.scene)
      .map((row) => row.map((cell) => (typeof cell === "number" ? cell : quoteCell(cell))).join(","));
    downloadCsv(lines, `inspect-${this.name}.csv`);
  }

  caption() {
    const texts = { title: this.title.textContent ?? "", subtitle: this.scene.setting, y_title: "" };
    return { ...texts, series: [], file: `inspect-${this.name}` };
  }
}

/** Pictures of the selected images, a page of them at a time; one of them can be selected by itself. */

import { fillTemplate, html, makeButton, setAttributes } from "../shared/dom.js";
import { indicesOf } from "./picks.js";

/** @import { Scene } from "./view.js" */

/**
 * All pictures in one, or single ones by index.
 * @typedef {object} Pictures
 * @property {{ url: string, columns: number, width: number, height: number } | null} sheet
 * @property {Record<string, string>} single
 */

const TILES = 24;
const TILE = 48;

export class Pictured {
  /** @type {Scene} */
  scene;
  /** @type {Pictures} */
  pictures = { sheet: null, single: {} };
  /** @type {number[]} */
  indices = [];
  first = 0;
  /** @type {string | undefined} */
  drawn;

  /**
   * @param {(pick: string) => void} select
   * @param {(indices: number[]) => void} ask for pictures that are not here
   */
  constructor(select, ask) {
    this.select = select;
    this.ask = ask;
    this.tiles = html("div", { class: "tiles", role: "group", "data-testid": "tiles" });
    this.place = html("span", { "data-testid": "tiles-place" });
    this.back = makeButton({ "data-testid": "tiles-back" }, () => this.turn(-TILES));
    this.forth = makeButton({ "data-testid": "tiles-forth" }, () => this.turn(TILES));
    const pages = html("div", { class: "tools" }, this.back, this.forth, this.place);
    this.root = html("section", { class: "gallery", "data-testid": "gallery" }, this.tiles, pages);
  }

  /**
   * @param {Scene} scene
   * @param {Pictures} pictures
   */
  show(scene, pictures) {
    if (scene.pick !== this.scene?.pick) this.first = 0;
    this.scene = scene;
    this.pictures = pictures;
    this.indices = scene.mask ? indicesOf(scene.mask) : this.disputed(scene);
    this.paint();
  }

  /**
   * What is shown while nothing is selected: where only one is right, then where both are wrong.
   * @param {Scene} scene
   */
  disputed({ groups }) {
    const of = (/** @type {number[]} */ wanted) => indicesOf(groups.map((group) => Number(wanted.includes(group))));
    return [...of([1, 2]), ...of([3, 4])];
  }

  /** @param {number} step */
  turn(step) {
    this.first += step;
    this.paint();
  }

  paint() {
    const { words, sides } = this.scene;
    const count = this.indices.length;
    this.first = Math.max(0, Math.min(this.first, TILES * Math.floor((count - 1) / TILES)));
    const shown = this.indices.slice(this.first, this.first + TILES);
    this.back.textContent = words.back;
    this.forth.textContent = words.forth;
    this.back.disabled = this.first === 0;
    this.forth.disabled = this.first + TILES >= count;
    const facts = { from: this.first + 1, to: this.first + shown.length, n: count };
    const line = this.scene.mask ? words.tiles_selected : words.tiles_disputed;
    this.place.textContent = count ? fillTemplate(line, facts) : words.tiles_none;
    setAttributes(this.tiles, { "aria-label": words.gallery });
    const missing = this.pictures.sheet ? [] : shown.filter((i) => !(i in this.pictures.single));
    if (missing.length) this.ask(missing);
    const drawn = JSON.stringify(
      shown.map((i) => [i, this.caption(i), missing.includes(i), sides[0].name, sides[1].name]),
    );
    if (drawn !== this.drawn) this.tiles.replaceChildren(...shown.map((i) => this.tile(i)));
    this.drawn = drawn;
  }

  /** @param {number} i */
  caption(i) {
    const { classes, labels, a, b } = this.scene;
    const name = (/** @type {number} */ k) => classes[k] ?? "–";
    return [labels[i], a.chosen[i], b.chosen[i]].map(name);
  }

  /** @param {number} i */
  tile(i) {
    const { words, sides } = this.scene;
    const [truth, first, second] = this.caption(i);
    const facts = { index: i, label: truth, first, second, a: sides[0].name, b: sides[1].name };
    const described = fillTemplate(words.point, facts);
    const names = { title: described, "aria-label": described, "data-testid": `tile-${i}` };
    const button = makeButton(names, () => this.select(`images:${i}`));
    const answers = [first, second].map((answer, side) => {
      const text = `${answer === truth ? "✓" : "✗"} ${answer}`;
      return html("span", { style: `border-color:${sides[side].style.colour}` }, text);
    });
    button.append(this.picture(i), html("b", {}, truth), ...answers);
    return button;
  }

  /** @param {number} i */
  picture(i) {
    const { sheet, single } = this.pictures;
    if (!sheet) return html("img", { src: single[i] ?? "", alt: "", width: TILE, height: TILE });
    const [row, column] = [Math.floor(i / sheet.columns), i % sheet.columns];
    const scale = TILE / Math.max(sheet.width, sheet.height);
    const [width, height] = [sheet.width * scale, sheet.height * scale];
    const place = `-${column * width}px -${row * height}px`;
    const size = `${sheet.columns * width}px auto`;
    return html("div", {
      class: "cut",
      style: `width:${width}px;height:${height}px;background:url(${sheet.url}) ${place} / ${size}`,
    });
  }
}

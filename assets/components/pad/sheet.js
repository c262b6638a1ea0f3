/** The sheet that is drawn on: by mouse, finger or pen, and by the keyboard, cell by cell. */

import { fillTemplate, html, setAttributes } from "../shared/dom.js";
import { Drawing } from "./drawing.js";

/** @import { Preparation } from "./preparation.js" */

const INK = "rgb(255 255 255)";
/** @type {Record<string, [number, number]>} */
const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

export class Sheet {
  /** @type {Record<string, string>} */
  words;
  /** @type {number | null} the pointer that draws */
  pointer = null;
  row = 0;
  column = 0;

  /**
   * @param {object} listeners
   * @param {() => void} listeners.onMove while something is drawn
   * @param {() => void} listeners.onRest when it is done
   */
  constructor({ onMove, onRest }) {
    this.onMove = onMove;
    this.onRest = onRest;
    this.canvas = html("canvas", { tabindex: 0, role: "application", "data-testid": "pad" });
    this.drawing = new Drawing(this.canvas);
    this.mark = html("div", { class: "mark", "aria-hidden": true });
    this.hint = html("div", { class: "hint", "aria-hidden": true });
    this.place = html("div", { class: "spoken", role: "status" });
    this.colour = html("input", { type: "color", value: "#1b6ca8", "data-testid": "pad-colour" });
    this.colourLabel = html("label", { class: "colour" });
    this.root = html("div", { class: "sheet" }, this.canvas, this.hint, this.mark, this.place);
    this.canvas.onpointerdown = (event) => this.begin(event);
    this.canvas.onpointermove = (event) => this.move(event);
    this.canvas.onpointerup = (event) => this.end(event);
    this.canvas.onpointercancel = (event) => this.end(event);
    this.canvas.onkeydown = (event) => this.press(event);
    this.canvas.onfocus = () => this.showMark();
  }

  /**
   * @param {Record<string, string>} words
   * @param {Preparation} preparation
   */
  describe(words, preparation) {
    this.words = words;
    this.hint.textContent = words.hint;
    this.hint.classList.toggle("on-paper", preparation.ground > 127);
    this.colourLabel.replaceChildren(words.colour, this.colour);
    this.colourLabel.hidden = preparation.way !== "scaled";
    setAttributes(this.canvas, { "aria-label": words.pad });
    if (JSON.stringify(preparation) !== JSON.stringify(this.drawing.preparation)) {
      this.drawing.layOut(preparation);
      this.row = Math.floor(preparation.cells / 2);
      this.column = this.row;
    }
  }

  get ink() {
    return this.drawing.preparation.way === "scaled" ? this.colour.value : INK;
  }

  showMark() {
    const share = 100 / this.drawing.preparation.cells;
    const [left, top, side] = [this.column, this.row, 1].map((cells) => `${cells * share}%`);
    Object.assign(this.mark.style, { left, top, width: side, height: side });
  }

  /**
   * Where an event is, in pixels of the drawing.
   * @param {PointerEvent} event
   * @returns {[number, number]}
   */
  pointOf({ clientX, clientY }) {
    const { left, top, width, height } = this.canvas.getBoundingClientRect();
    const { side } = this.drawing;
    return [((clientX - left) / width) * side, ((clientY - top) / height) * side];
  }

  /** @param {PointerEvent} event */
  begin(event) {
    if (this.pointer !== null || event.button !== 0) return;
    this.pointer = event.pointerId;
    // A pointer that is gone already cannot be held, and need not be.
    if (event.isTrusted) this.canvas.setPointerCapture(event.pointerId);
    const { side, preparation } = this.drawing;
    const width = preparation.brush * side;
    this.drawing.add({ kind: "stroke", points: [this.pointOf(event)], colour: this.ink, width });
    this.onMove();
  }

  /** @param {PointerEvent} event */
  move(event) {
    if (event.pointerId !== this.pointer) return;
    const passed = event.getCoalescedEvents?.() ?? [];
    for (const at of passed.length ? passed : [event]) this.drawing.lead(this.pointOf(at));
    this.onMove();
  }

  /** @param {PointerEvent} event */
  end(event) {
    if (event.pointerId !== this.pointer) return;
    this.pointer = null;
    this.onRest();
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    const step = STEPS[event.key];
    if (step) this.go(...step);
    else if (event.key === " ") this.toggle();
    else if (event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey)) this.undo();
    else return;
    event.preventDefault();
  }

  /**
   * @param {number} down
   * @param {number} right
   */
  go(down, right) {
    const last = this.drawing.preparation.cells - 1;
    this.row = Math.min(Math.max(this.row + down, 0), last);
    this.column = Math.min(Math.max(this.column + right, 0), last);
    this.tellPlace();
  }

  toggle() {
    const { row, column, drawing } = this;
    const { ground } = drawing.preparation;
    const colour = drawing.isFilled(row, column) ? `rgb(${ground} ${ground} ${ground})` : this.ink;
    drawing.add({ kind: "cell", row, column, colour });
    this.tellPlace();
    this.onRest();
  }

  tellPlace() {
    const { row, column, words } = this;
    const state = this.drawing.isFilled(row, column) ? words.filled : words.free;
    this.place.textContent = fillTemplate(words.cell, { row: row + 1, column: column + 1, state });
    this.showMark();
  }

  undo() {
    this.drawing.undo();
    this.onRest();
  }

  clear() {
    if (this.drawing.isEmpty) return;
    this.drawing.add({ kind: "clear" });
    this.onRest();
  }

  /** @param {Uint8Array} image of the dataset, from which the drawing goes on */
  startFrom(image) {
    this.drawing.add({ kind: "clear" });
    this.drawing.add({ kind: "image", image });
    this.onRest();
  }
}

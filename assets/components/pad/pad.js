/** The pad: what is drawn, the image that the networks see of it, and what each of them says, all in one frame. */

import { BarChart } from "../bars/chart.js";
import { formatFixed } from "../bars/numbers.js";
import { networkOf, whenNetworkArrives } from "../networks/registry.js";
import { fillTemplate, html, makeButton, setAttributes } from "../shared/dom.js";
import { logSoftmax } from "../shared/softmax.js";
import { showImage } from "./drawing.js";
import { prepare } from "./preparation.js";
import { Sheet } from "./sheet.js";

/** @import { BarsData, SetState } from "../bars/chart.js" */
/** @import { RoleStyle } from "../shared/download.js" */
/** @import { Preparation } from "./preparation.js" */

/**
 * A network that is asked: in this page, where it was sent under its id, or else in Python.
 * @typedef {{ role: string, name: string, style: RoleStyle, id: string, here: boolean }} Asked
 */

/**
 * What `drawing_pad` in Python sends.
 * @typedef {object} PadData
 * @property {Asked[]} asked
 * @property {Omit<BarsData, "arms">} bars
 * @property {Preparation} preparation
 * @property {Record<string, string>} words
 * @property {string} sample the test image that is looked at, in base64
 * @property {{ id: string, image: string } | null} uploaded
 * @property {{ image: string, logits: Record<string, number[]> } | null} answered by Python about an image
 */

/** @param {string} encoded */
const decodedImage = (encoded) => Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));

/** @param {Uint8Array} image */
const encodedImage = (image) => btoa(Array.from(image, (level) => String.fromCharCode(level)).join(""));

export class Pad {
  /** @type {PadData} */
  data;
  /** @type {SetState} */
  setState;
  /** @type {Uint8Array | null} what the networks see; null of an empty sheet */
  image = null;
  /** @type {Record<string, number[]>} by role */
  logits = {};
  /** @type {string | undefined} the upload that was taken last */
  taken;
  /** Whether an answer is due in the next frame. */
  waiting = false;
  /** What was asked: answers of other networks are not theirs. */
  ids = "";

  /** @param {ParentNode} parent */
  constructor(parent) {
    this.sheet = new Sheet({ onMove: () => this.soon(), onRest: () => this.rest() });
    this.buttons = {
      undo: makeButton({ "data-testid": "pad-undo" }, () => this.sheet.undo()),
      clear: makeButton({ "data-testid": "pad-clear" }, () => this.sheet.clear()),
      start: makeButton({ "data-testid": "pad-start" }, () => this.sheet.startFrom(decodedImage(this.data.sample))),
    };
    this.small = html("canvas", { role: "img", class: "small", "data-testid": "pad-prepared" });
    this.how = html("p");
    this.keys = html("p", { class: "keys" });
    this.empty = html("p", { class: "empty" });
    this.answer = html("p", { role: "status", "data-testid": "pad-answer" });
    this.answers = html("div", { class: "answers" });
    const tools = html("div", { class: "tools" }, ...Object.values(this.buttons), this.sheet.colourLabel);
    const prepared = html("div", { class: "prepared" }, this.small, this.how);
    const left = html("div", { class: "left" }, this.sheet.root, tools, prepared, this.keys);
    parent.append(
      html("div", { class: "pad" }, left, html("div", { class: "right" }, this.empty, this.answer, this.answers)),
    );
    this.chart = new BarChart(this.answers);
    whenNetworkArrives(this.answers, () => this.rest());
  }

  /**
   * @param {PadData} data
   * @param {SetState} setState
   */
  update(data, setState) {
    this.data = data;
    this.setState = setState;
    const { words, preparation, uploaded, asked } = data;
    const ids = JSON.stringify(asked.map(({ id }) => id));
    if (ids !== this.ids) this.logits = {};
    this.ids = ids;
    for (const [name, button] of Object.entries(this.buttons)) button.textContent = words[name];
    this.sheet.describe(words, preparation);
    this.empty.textContent = words.empty;
    this.keys.textContent = words.keys;
    setAttributes(this.small, { "aria-label": words.prepared });
    if (uploaded && uploaded.id !== this.taken) {
      this.taken = uploaded.id;
      this.sheet.startFrom(decodedImage(uploaded.image));
    } else {
      this.look();
      this.show(true);
    }
  }

  /** Answer in the next frame; a second movement within the same one asks for nothing more. */
  soon() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.look();
      this.show(false);
    });
  }

  rest() {
    this.look();
    this.show(true);
    if (this.image && this.data.asked.some(({ here }) => !here)) this.setState("image", encodedImage(this.image));
  }

  /** Prepare what is drawn, and ask the networks that are here. */
  look() {
    const { drawing } = this.sheet;
    const { preparation, asked, answered } = this.data;
    const { shape, ground } = preparation;
    this.image = drawing.isEmpty ? null : prepare(drawing.picture(), preparation, drawing.isFramed);
    showImage(this.small, this.image ?? new Uint8Array(shape[0] * shape[1] * shape[2]).fill(ground), shape);
    if (!this.image) {
      this.logits = {};
      return;
    }
    for (const { role, id, here } of asked) {
      const forward = here ? networkOf(id) : undefined;
      if (forward) this.logits[role] = forward(this.image);
      else if (answered?.logits[role] && answered.image === encodedImage(this.image)) {
        this.logits[role] = answered.logits[role];
      }
    }
  }

  /** @param {boolean} settled whether the hand rests, so that words and tables are to be right too */
  show(settled) {
    const arms = this.data.asked
      .filter(({ role }) => this.logits[role])
      .map(({ role, name, style }) => ({ role, name, style, logits: this.logits[role] }));
    this.sheet.hint.hidden = this.image !== null;
    this.how.textContent = this.sheet.drawing.isFramed ? this.data.words.how_framed : this.data.words.how;
    this.empty.hidden = arms.length > 0;
    this.answers.hidden = !arms.length;
    const before = this.chart.data?.arms.length;
    if (!arms.length) {
      this.answer.textContent = "";
    } else if (
      settled ||
      before !== arms.length ||
      this.data.bars.classes.length !== this.chart.bars.length / arms.length
    ) {
      this.chart.update({ ...this.data.bars, arms }, this.setState);
    } else {
      this.chart.data.arms = arms;
      this.chart.paint();
    }
    if (settled) this.tell();
  }

  /** Say what each network takes the drawing for, and who is still asked. */
  tell() {
    const { asked, words, bars, answered } = this.data;
    const isOpen = this.image !== null && answered?.image !== encodedImage(this.image);
    const sentences = asked.flatMap(({ role, name, here }) => {
      if (isOpen && !here) return [fillTemplate(words.asking, { name })];
      const logits = this.logits[role];
      if (!logits) return [];
      const logs = logSoftmax(logits, this.chart.T);
      const best = logits.indexOf(Math.max(...logits));
      return [fillTemplate(words.says, { name, class: bars.classes[best], p: formatFixed(Math.exp(logs[best]), 2) })];
    });
    this.answer.textContent = sentences.join(" · ");
  }
}

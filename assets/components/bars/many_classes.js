/** Beside the bars of many classes: which are drawn, how much the others have, and a button for all. */

import { fillTemplate, html, makeButton } from "../shared/dom.js";
import { drawnClasses } from "./classes.js";
import { formatFixed } from "./numbers.js";

/** @import { BarsData } from "./chart.js" */

export class ManyClasses {
  /** Whether somebody asked for all. */
  all = false;
  /** @type {number[]} the classes that have bars */
  drawn = [];

  /** @param {() => void} onToggle */
  constructor(onToggle) {
    this.rest = html("span", { "data-testid": "bars-rest" });
    this.button = makeButton({ "data-testid": "bars-all" }, () => {
      this.all = !this.all;
      onToggle();
    });
    this.root = html("div", { class: "many" }, this.rest, this.button);
  }

  /**
   * @param {BarsData} data
   * @param {number} leading the network whose order counts
   */
  choose({ arms, classes, hard_label, words }, leading) {
    const logits = arms.map((arm) => arm.logits);
    const few = drawnClasses(logits, leading, hard_label, classes.length);
    this.drawn = this.all ? classes.map((_, i) => i) : few;
    this.root.hidden = few.length === classes.length;
    const n = this.all ? few.length : classes.length;
    this.button.textContent = fillTemplate(this.all ? words.few : words.all, { n });
  }

  /**
   * @param {BarsData} data
   * @param {number} leading
   * @param {number[]} logs the leading network's log-probabilities
   */
  paint({ arms, classes, words }, leading, logs) {
    if (this.root.hidden) return;
    const p = Math.max(0, 1 - this.drawn.reduce((sum, index) => sum + Math.exp(logs[index]), 0));
    const facts = { n: this.drawn.length, all: classes.length, name: arms[leading].name, p: formatFixed(p, 2) };
    this.rest.textContent = this.all ? "" : fillTemplate(words.rest, facts);
  }
}

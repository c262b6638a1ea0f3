/** Marks of a chart that can be chosen by mouse, finger and keyboard: a list box of which one option is in focus. */

import { setAttributes, svg } from "../shared/dom.js";

/**
 * One mark: what choosing it selects, its centre, and the area around it.
 * @typedef {object} Choice
 * @property {string} pick
 * @property {SVGGElement} node
 * @property {{ x: number, y: number, width: number, height: number }} area
 */

/** @type {Record<string, [number, number]>} */
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class Choices {
  /** @type {Choice[]} */
  choices = [];
  current = 0;

  /** @param {(pick: string) => void} select */
  constructor(select) {
    this.id = `choices-${Math.random().toString(36).slice(2)}`;
    this.box = svg("g", { role: "listbox", tabindex: 0 });
    this.ring = svg("rect", { class: "ring", rx: 3 });
    this.box.onclick = (event) => {
      const node = /** @type {Element} */ (event.target).closest("[data-pick]");
      const i = this.choices.findIndex((choice) => choice.node === node);
      if (i < 0) return;
      this.focusOn(i);
      select(this.choices[i].pick);
    };
    this.box.onkeydown = (event) => {
      const step = STEPS[event.key];
      if (!step && event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      if (step) this.walk(...step);
      else if (this.choices[this.current]) select(this.choices[this.current].pick);
    };
  }

  /**
   * @param {string} label spoken
   * @param {Choice[]} choices in order
   */
  replace(label, choices) {
    this.choices = choices;
    choices.forEach(({ node, pick }, i) => {
      setAttributes(node, { role: "option", id: `${this.id}-${i}`, "data-pick": pick, "data-testid": `pick-${pick}` });
    });
    this.box.replaceChildren(...choices.map(({ node }) => node));
    this.describe(label);
    this.focusOn(Math.min(this.current, Math.max(0, choices.length - 1)));
  }

  /** @param {string} label */
  describe(label) {
    this.box.setAttribute("aria-label", label);
  }

  /** @param {number} i */
  focusOn(i) {
    const choice = this.choices[i];
    if (!choice) return;
    this.current = i;
    this.box.setAttribute("aria-activedescendant", choice.node.id);
    const { x, y, width, height } = choice.area;
    setAttributes(this.ring, { x: x - 1, y: y - 1, width: width + 2, height: height + 2 });
  }

  /**
   * Go to the nearest mark on one side; one that is off the line counts as much farther.
   * @param {number} dx
   * @param {number} dy
   */
  walk(dx, dy) {
    const centre = (/** @type {Choice} */ { area }) => [area.x + area.width / 2, area.y + area.height / 2];
    const [x, y] = centre(this.choices[this.current]);
    let best = -1;
    let least = Infinity;
    this.choices.forEach((choice, i) => {
      const [cx, cy] = centre(choice);
      const along = (cx - x) * dx + (cy - y) * dy;
      const off = Math.abs((cx - x) * dy + (cy - y) * dx);
      if (along <= 0.5 || along + 3 * off >= least) return;
      least = along + 3 * off;
      best = i;
    });
    if (best >= 0) this.focusOn(best);
  }

  /** @param {string} pick which selection is in force */
  mark(pick) {
    for (const { node, pick: own } of this.choices) setAttributes(node, { "aria-selected": own === pick });
  }
}

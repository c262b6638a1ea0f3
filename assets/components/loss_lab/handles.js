/** Logits on number lines, one a class and network, that a hand or the keyboard moves. */

import { setAttributes, svg } from "../shared/dom.js";

/** @import { RoleStyle } from "../shared/download.js" */
/** @import { Scale } from "../shared/scale.js" */

export const LOWEST_LOGIT = -10;
export const HIGHEST_LOGIT = 10;
/** @type {Record<string, number>} */
const STEPS = { ArrowRight: 0.1, ArrowUp: 0.1, ArrowLeft: -0.1, ArrowDown: -0.1, PageUp: 1, PageDown: -1 };

/** @param {number} value to the nearest hundredth within the line */
const toLogit = (value) => Math.round(100 * Math.min(HIGHEST_LOGIT, Math.max(LOWEST_LOGIT, value))) / 100;

export class LogitHandle {
  /** @type {Scale} */
  scale;
  held = false;
  value = 0;
  /** Where the drawing begins in the window. */
  left = 0;

  /**
   * @param {object} options
   * @param {string} options.name of class and network, spoken
   * @param {string} options.testid
   * @param {RoleStyle} options.style
   * @param {number} options.y
   * @param {Scale} options.scale of the number line
   * @param {(value: number) => void} options.onMove
   * @param {() => void} options.onRelease
   */
  constructor({ name, testid, style, y, scale, onMove, onRelease }) {
    this.scale = scale;
    this.y = y;
    this.onMove = onMove;
    this.onRelease = onRelease;
    this.root = svg(
      "g",
      {
        class: "handle",
        role: "slider",
        tabindex: 0,
        "aria-label": name,
        "aria-valuemin": LOWEST_LOGIT,
        "aria-valuemax": HIGHEST_LOGIT,
        "data-testid": testid,
      },
      // As large as a fingertip needs; what is seen is smaller.
      svg("circle", { r: 14, class: "reach" }),
      svg("path", { d: `M0 0${style.marker}`, fill: style.colour, transform: "scale(1.5)" }),
    );
    this.listen();
  }

  listen() {
    this.root.onpointerdown = (event) => {
      this.held = true;
      // Asked for once: after every repaint the browser would have to lay the page out anew to answer.
      this.left = /** @type {SVGSVGElement} */ (this.root.ownerSVGElement).getBoundingClientRect().left;
      this.root.setPointerCapture(event.pointerId);
      this.root.focus();
      event.preventDefault();
    };
    this.root.onpointermove = (event) => {
      if (!this.held) return;
      this.onMove(toLogit(this.scale.invert(event.clientX - this.left)));
    };
    const letGo = () => {
      if (!this.held) return;
      this.held = false;
      this.onRelease();
    };
    this.root.onpointerup = letGo;
    this.root.onpointercancel = letGo;
    this.root.onkeydown = (event) => {
      const ends = { Home: LOWEST_LOGIT, End: HIGHEST_LOGIT };
      const to = event.key in STEPS ? this.value + STEPS[event.key] : ends[/** @type {"Home"} */ (event.key)];
      if (to === undefined) return;
      event.preventDefault();
      this.onMove(toLogit(to));
      this.onRelease();
    };
  }

  /** @param {number} value */
  show(value) {
    this.value = value;
    setAttributes(this.root, {
      transform: `translate(${this.scale(value)} ${this.y})`,
      "aria-valuenow": value,
      "aria-valuetext": value.toFixed(2),
    });
  }
}

/** The controls above the bars: a logarithmic slider with a place for infinity, a number box, the axis switch. */

import { fillTemplate, html, setAttributes } from "../shared/dom.js";

/** @typedef {"linear" | "log"} Axis */

/**
 * What the slider spans apart from infinity; it meets the round values exactly.
 * @typedef {{ low: number, high: number, round_values: number[], ticks: number[] }} TemperatureRange
 */

const FINITE_STEPS = 200;
const INFINITE_POSITION = 216;
/** @type {Axis[]} */
const AXES = ["linear", "log"];

/**
 * @param {number} T
 * @param {TemperatureRange} range
 */
function toPosition(T, { low, high }) {
  return T === Infinity ? INFINITE_POSITION : (FINITE_STEPS * Math.log(T / low)) / Math.log(high / low);
}

/**
 * @param {number} position
 * @param {TemperatureRange} range
 */
function toTemperature(position, { low, high, round_values }) {
  if (position > FINITE_STEPS) return Infinity;
  const exact = low * (high / low) ** (position / FINITE_STEPS);
  const halfStep = Math.log(high / low) / FINITE_STEPS / 2;
  return round_values.find((T) => Math.abs(Math.log(T / exact)) <= halfStep) ?? Number(exact.toPrecision(3));
}

/**
 * @param {string} typed
 * @param {TemperatureRange} range
 * @returns {number | null} null where it is no temperature of the range
 */
function parseTemperature(typed, { low, high }) {
  const word = typed.trim().toLowerCase().replace(",", ".");
  if (["inf", "infinity", "∞"].includes(word)) return Infinity;
  const T = word === "" ? NaN : Number(word);
  return T >= low && T <= high ? T : null;
}

/** @param {number} T */
export const formatTemperature = (T) => (T === Infinity ? "∞" : String(T));

export class TemperatureControl {
  /** @type {Record<string, string>} */
  words;
  /** @type {TemperatureRange} */
  range;
  /** @type {number} */
  T;
  // A rerun that comes back meanwhile must fight neither with a held slider nor with half a typed number.
  held = false;
  typing = false;

  /**
   * @param {object} listeners
   * @param {(T: number) => void} listeners.onMove at every step of a drag
   * @param {(T: number) => void} listeners.onRelease when the slider is let go, or a number was typed
   * @param {(axis: Axis) => void} listeners.onAxis
   */
  constructor({ onMove, onRelease, onAxis }) {
    this.onMove = onMove;
    this.onRelease = onRelease;
    const id = "view-temperature";
    this.label = html("label", { for: id });
    this.slider = html("input", {
      id,
      "data-testid": "view-temperature",
      type: "range",
      min: 0,
      max: INFINITE_POSITION,
      step: 1,
    });
    this.box = html("input", {
      type: "text",
      inputmode: "decimal",
      autocomplete: "off",
      "data-testid": "view-temperature-box",
    });
    this.axisButtons = AXES.map((axis) => html("button", { type: "button", "data-testid": `axis-${axis}` }));
    this.axisSwitch = html("div", { role: "group", class: "switch" }, ...this.axisButtons);
    this.message = html("span", { role: "status", class: "message" });
    this.scale = html("div", { class: "scale", "aria-hidden": true });
    const track = html("div", { class: "track" }, this.slider, this.scale);
    this.root = html("div", { class: "controls" }, this.label, track, this.box, this.axisSwitch, this.message);
    this.listen(onAxis);
  }

  /** @param {(axis: Axis) => void} onAxis */
  listen(onAxis) {
    const letGo = () => {
      this.held = false;
    };
    this.slider.onpointerdown = () => {
      this.held = true;
    };
    this.slider.onpointerup = letGo;
    this.slider.onpointercancel = letGo;
    this.slider.onblur = letGo;
    this.slider.oninput = () => this.moveSlider();
    this.slider.onchange = () => this.release();
    this.box.oninput = () => {
      this.typing = true;
    };
    this.box.onchange = () => this.takeTyped();
    this.box.onblur = () => this.showTemperature(this.T);
    this.axisButtons.forEach((button, i) => {
      button.onclick = () => onAxis(AXES[i]);
    });
  }

  moveSlider() {
    let position = Number(this.slider.value);
    // Between the highest temperature and infinity there is nothing: a drag snaps to the nearer end, an arrow key
    // crosses at once.
    const middle = (FINITE_STEPS + INFINITE_POSITION) / 2;
    const toFinite = this.held ? position < middle : this.T === Infinity && position < INFINITE_POSITION;
    if (position > FINITE_STEPS) position = toFinite ? FINITE_STEPS : INFINITE_POSITION;
    this.typing = false;
    this.onMove(toTemperature(position, this.range));
  }

  takeTyped() {
    const T = parseTemperature(this.box.value, this.range);
    this.typing = false;
    this.onMove(T ?? this.T);
    if (T !== null) this.release();
    else this.message.textContent = fillTemplate(this.words.refused, this.range);
  }

  release() {
    this.held = false;
    this.message.textContent = "";
    this.onRelease(this.T);
  }

  /**
   * @param {Record<string, string>} words
   * @param {TemperatureRange} range
   */
  describe(words, range) {
    this.words = words;
    this.range = range;
    this.label.textContent = words.temperature;
    setAttributes(this.box, { "aria-label": words.temperature });
    setAttributes(this.axisSwitch, { "aria-label": words.axis });
    this.axisButtons.forEach((button, i) => {
      button.textContent = words[AXES[i]];
    });
    const share = (/** @type {number} */ T) => toPosition(T, range) / INFINITE_POSITION;
    this.scale.replaceChildren(
      ...[...range.ticks, Infinity].map((T) => html("span", { style: `--at:${share(T)}` }, formatTemperature(T))),
    );
  }

  /** @param {Axis} axis */
  showAxis(axis) {
    this.axisButtons.forEach((button, i) => setAttributes(button, { "aria-pressed": axis === AXES[i] }));
  }

  /** @param {number} T */
  showTemperature(T) {
    this.T = T;
    this.slider.value = String(toPosition(T, this.range));
    setAttributes(this.slider, { "aria-valuetext": T === Infinity ? this.words.infinite : T });
    if (!this.typing) this.box.value = formatTemperature(T);
  }
}

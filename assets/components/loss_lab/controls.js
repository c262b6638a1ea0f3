/** What can be set of a loss: divergence, temperature, weights in either convention, mixture, and the two switches. */

import { html, makeButton, setAttributes } from "../shared/dom.js";

/** @import { LossForm } from "./maths.js" */

/** @typedef {"teacher" | "labels"} Convention what α weighs, where the labels' weight is the rest */
/** @typedef {{ form: LossForm, convention: Convention }} Choice */

/**
 * @typedef {object} Ranges
 * @property {[number, number]} temperature
 * @property {number} label_weight its highest value
 */

const TEMPERATURE_STEPS = 200;
const ROUND_TEMPERATURES = [0.5, 1, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 40, 50, 100];
const DIVERGENCE_NAMES = ["forward", "reverse", "jensen_shannon", "skew_forward", "skew_reverse", "logit_mse"];
/** @type {Record<string, "beta" | "alpha">} */
const MIXTURES = { jensen_shannon: "beta", skew_forward: "alpha", skew_reverse: "alpha" };

/** @param {number} value */
export const shortNumber = (value) => String(Number(value.toPrecision(3)));

/** @param {LossForm} form */
export const mixtureOf = (form) => MIXTURES[form.divergence] ?? null;

/** A label, a slider and its value in figures. */
class LabelledSlider {
  /**
   * @param {string} id
   * @param {object} listeners
   * @param {() => void} listeners.onMove
   * @param {() => void} listeners.onRelease
   */
  constructor(id, { onMove, onRelease }) {
    this.held = false;
    this.name = html("span");
    this.value = html("output", { for: id });
    this.input = html("input", { id, type: "range", "data-testid": id });
    const label = html("label", { for: id }, this.name);
    this.root = html("div", { class: "setting" }, label, this.input, this.value);
    this.input.onpointerdown = () => {
      this.held = true;
    };
    const letGo = () => {
      this.held = false;
    };
    this.input.onpointerup = letGo;
    this.input.onpointercancel = letGo;
    this.input.onblur = letGo;
    this.input.oninput = onMove;
    this.input.onchange = () => {
      letGo();
      onRelease();
    };
  }

  /**
   * @param {number} low
   * @param {number} high
   * @param {number} step
   */
  span(low, high, step) {
    setAttributes(this.input, { min: low, max: high, step });
  }

  get position() {
    return Number(this.input.value);
  }

  /**
   * @param {number} position
   * @param {string} text
   */
  show(position, text) {
    if (Number(this.input.value) !== position) this.input.value = String(position);
    this.input.setAttribute("aria-valuetext", text);
    this.value.textContent = text;
  }
}

export class LossControls {
  /** @type {LossForm} */
  form;
  /** @type {Convention} */
  convention = "teacher";
  /** @type {Ranges} */
  ranges;
  /** @type {Record<string, string>} */
  words;

  /**
   * @param {string} id that tells two labs on one page apart
   * @param {object} listeners
   * @param {() => void} listeners.onMove at every step of a drag
   * @param {() => void} listeners.onRelease when something was let go, switched or chosen
   */
  constructor(id, { onMove, onRelease }) {
    this.onMove = onMove;
    this.onRelease = onRelease;
    this.id = id;
    this.divergence = html("select", { id: `${id}-divergence`, "data-testid": `${id}-divergence` });
    this.weights = html("select", { id: `${id}-weights`, "data-testid": `${id}-weights` });
    this.divergenceName = html("label", { for: `${id}-divergence` });
    this.weightsName = html("label", { for: `${id}-weights` });
    const slider = (/** @type {string} */ name, /** @type {() => void} */ take) =>
      new LabelledSlider(`${id}-${name}`, { onMove: () => this.take(take), onRelease });
    this.temperature = slider("temperature", () => this.takeTemperature());
    this.alpha = slider("alpha", () => this.takeAlpha());
    this.labelWeight = slider("label-weight", () => {
      this.form.label_weight = this.labelWeight.position;
    });
    this.mixture = slider("mixture", () => {
      const field = mixtureOf(this.form);
      if (field) this.form[field] = this.mixture.position;
    });
    this.t2 = html("input", { type: "checkbox", "data-testid": `${id}-t2` });
    this.mean = html("input", { type: "checkbox", "data-testid": `${id}-mean` });
    this.t2Name = html("span");
    this.meanName = html("span");
    this.resetButton = makeButton({ "data-testid": `${id}-reset` }, () => this.reset());
    this.root = this.build();
    this.listen();
  }

  build() {
    const chosen = (/** @type {HTMLElement} */ name, /** @type {HTMLElement} */ select) =>
      html("div", { class: "setting" }, name, select);
    const switches = html(
      "div",
      { class: "setting switches" },
      html("label", {}, this.t2, this.t2Name),
      html("label", {}, this.mean, this.meanName),
      this.resetButton,
    );
    return html(
      "div",
      { class: "settings" },
      chosen(this.divergenceName, this.divergence),
      this.temperature.root,
      chosen(this.weightsName, this.weights),
      this.alpha.root,
      this.labelWeight.root,
      this.mixture.root,
      switches,
    );
  }

  listen() {
    this.divergence.onchange = () => {
      this.form.divergence = /** @type {LossForm["divergence"]} */ (this.divergence.value);
      this.changed();
    };
    this.weights.onchange = () => {
      const rest = 1 - this.form.teacher_weight;
      this.form.label_weight =
        this.weights.value === "both" ? Number((this.form.label_weight ?? rest).toFixed(2)) : null;
      if (this.weights.value !== "both") this.convention = /** @type {Convention} */ (this.weights.value);
      this.changed();
    };
    this.t2.onchange = () => {
      this.form.scale_by_t2 = this.t2.checked;
      this.changed();
    };
    this.mean.onchange = () => {
      this.form.mean_over_classes = this.mean.checked;
      this.changed();
    };
  }

  changed() {
    this.onMove();
    this.onRelease();
  }

  /** @param {() => void} change */
  take(change) {
    change();
    this.onMove();
  }

  takeTemperature() {
    const [low, high] = this.ranges.temperature;
    const exact = low * (high / low) ** (this.temperature.position / TEMPERATURE_STEPS);
    const halfStep = Math.log(high / low) / TEMPERATURE_STEPS / 2;
    const round = ROUND_TEMPERATURES.find((T) => Math.abs(Math.log(T / exact)) <= halfStep);
    this.form.temperature = round ?? Number(exact.toPrecision(3));
  }

  takeAlpha() {
    const toTeacher = this.form.label_weight !== null || this.convention === "teacher";
    this.form.teacher_weight = toTeacher ? this.alpha.position : Number((1 - this.alpha.position).toFixed(2));
  }

  reset() {
    if (!this.resetForm) return;
    this.form = { ...this.resetForm };
    this.changed();
  }

  get held() {
    return [this.temperature, this.alpha, this.labelWeight, this.mixture].some((slider) => slider.held);
  }

  /**
   * @param {Record<string, string>} words
   * @param {Ranges} ranges
   * @param {LossForm} resetForm what the reset button goes back to
   */
  describe(words, ranges, resetForm) {
    this.words = words;
    this.ranges = ranges;
    this.resetForm = resetForm;
    this.divergenceName.textContent = words.divergence;
    this.weightsName.textContent = words.weights;
    this.t2Name.textContent = words.t2;
    this.meanName.textContent = words.mean;
    this.resetButton.textContent = words.reset;
    this.temperature.name.textContent = words.temperature;
    this.labelWeight.name.textContent = words.label_weight;
    const option = (/** @type {string} */ value, /** @type {string} */ text) => html("option", { value }, text);
    this.divergence.replaceChildren(...DIVERGENCE_NAMES.map((name) => option(name, words[name])));
    this.weights.replaceChildren(
      ...["teacher", "labels", "both"].map((name) => option(name, words[`weights_${name}`])),
    );
    this.temperature.span(0, TEMPERATURE_STEPS, 1);
    this.alpha.span(0, 1, 0.01);
    this.labelWeight.span(0, ranges.label_weight, 0.05);
  }

  /** Put every control where the form is. */
  show() {
    const { form, words } = this;
    const both = form.label_weight !== null;
    const mixture = mixtureOf(form);
    const matched = form.divergence === "logit_mse";
    const [low, high] = this.ranges.temperature;
    const place = (TEMPERATURE_STEPS * Math.log(form.temperature / low)) / Math.log(high / low);
    this.divergence.value = form.divergence;
    this.weights.value = both ? "both" : this.convention;
    this.temperature.show(Math.round(place), shortNumber(form.temperature));
    const alpha = both || this.convention === "teacher" ? form.teacher_weight : 1 - form.teacher_weight;
    this.alpha.name.textContent = both ? words.teacher_weight : words[`alpha_${this.convention}`];
    this.alpha.show(Number(alpha.toFixed(4)), shortNumber(Number(alpha.toFixed(4))));
    this.labelWeight.root.hidden = !both;
    if (form.label_weight !== null) this.labelWeight.show(form.label_weight, shortNumber(form.label_weight));
    this.mixture.root.hidden = !mixture;
    if (mixture) {
      this.mixture.span(mixture === "beta" ? 0.01 : 0, 0.99, 0.01);
      this.mixture.name.textContent = words[mixture];
      this.mixture.show(form[mixture], shortNumber(form[mixture]));
    }
    // Matched logits know no temperature, and are a mean over the classes by definition.
    for (const control of [this.temperature.input, this.t2, this.mean]) control.disabled = matched;
    this.t2.checked = form.scale_by_t2 && !matched;
    this.mean.checked = form.mean_over_classes || matched;
  }
}

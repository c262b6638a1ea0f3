/** A slider over kept epochs with a button that plays them; the last place may be the reported result. */

import { html, makeButton, setAttributes } from "./dom.js";

const WHOLE_MILLISECONDS = 8000;
const FASTEST_MILLISECONDS = 80;
const SLOWEST_MILLISECONDS = 500;
// Who wants less motion gets single steps with time to look at each.
const CALM_MILLISECONDS = 1000;

/**
 * @typedef {object} ScrubberListeners
 * @property {(place: number) => void} onMove at every step of a drag, and of the film
 * @property {(place: number) => void} onRelease when the slider is let go, or the film ends
 * @property {() => boolean} [isReady] whether what the last step asked for is drawn; the film waits for it
 */

export class Scrubber {
  /** @type {string[]} */
  names = [];
  /** @type {Record<string, string>} */
  words = {};
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  timer;
  held = false;

  /** @param {ScrubberListeners} listeners */
  constructor(listeners) {
    this.listeners = listeners;
    this.button = makeButton({ class: "play", "data-testid": "epoch-play" }, () => this.toggle());
    this.label = html("label", { for: "epoch-slider" });
    this.slider = html("input", {
      type: "range",
      id: "epoch-slider",
      min: 0,
      step: 1,
      "data-testid": "epoch-slider",
    });
    this.output = html("output", { for: "epoch-slider", "data-testid": "epoch-name" });
    this.root = html("div", { class: "scrubber" }, this.button, this.label, this.slider, this.output);
    this.slider.onpointerdown = () => {
      this.held = true;
    };
    this.slider.onblur = () => {
      this.held = false;
    };
    this.slider.oninput = () => {
      this.stop();
      this.move(this.place);
    };
    this.slider.onchange = () => {
      this.held = false;
      listeners.onRelease(this.place);
    };
  }

  get place() {
    return Number(this.slider.value);
  }

  get playing() {
    return this.timer !== undefined;
  }

  /**
   * @param {Record<string, string>} words `epoch`, `play`, `pause`, and where there is one `help`
   * @param {string[]} names of the places, in order
   */
  describe(words, names) {
    this.words = words;
    this.names = names;
    this.label.textContent = words.epoch;
    this.label.title = words.help ?? "";
    setAttributes(this.slider, { max: names.length - 1 });
    this.showButton();
    this.root.hidden = names.length < 2;
  }

  /** @param {number} place */
  showPlace(place) {
    this.slider.value = String(place);
    this.output.textContent = this.names[place] ?? "";
    setAttributes(this.slider, { "aria-valuetext": this.names[place] ?? "" });
  }

  /** @param {number} place */
  move(place) {
    this.showPlace(place);
    this.listeners.onMove(place);
  }

  toggle() {
    if (this.playing) {
      this.stop();
      this.listeners.onRelease(this.place);
      return;
    }
    if (this.place >= this.names.length - 1) this.move(0);
    this.next();
    this.showButton();
  }

  next() {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const even = Math.min(SLOWEST_MILLISECONDS, Math.max(FASTEST_MILLISECONDS, WHOLE_MILLISECONDS / this.names.length));
    this.timer = setTimeout(() => this.step(), calm ? CALM_MILLISECONDS : even);
  }

  step() {
    if (this.listeners.isReady?.() ?? true) this.move(this.place + 1);
    if (this.place < this.names.length - 1) return this.next();
    this.stop();
    return this.listeners.onRelease(this.place);
  }

  stop() {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.showButton();
  }

  showButton() {
    const word = this.playing ? this.words.pause : this.words.play;
    // Shapes, since a font may draw such letters as pictures.
    this.button.replaceChildren(html("span", { class: this.playing ? "bars-icon" : "play-icon", "aria-hidden": true }));
    setAttributes(this.button, { "aria-label": word ?? "", title: word ?? "" });
  }
}

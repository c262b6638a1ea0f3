// The controls above the bars: a logarithmic slider with a place for infinity, a number box, the axis switch.
// Its range, round values and ticks are told by Python, so that they stand in one place.
const STEPS = 200, INFINITE = 216;
const AXES = ["linear", "log"];

const toPosition = (T, { low, high }) => (T === Infinity ? INFINITE : (STEPS * Math.log(T / low)) / Math.log(high / low));
function toTemperature(position, { low, high, round_values }) {
  if (position > STEPS) return Infinity;
  const exact = low * (high / low) ** (position / STEPS);
  const halfStep = Math.log(high / low) / STEPS / 2;
  return round_values.find((T) => Math.abs(Math.log(T / exact)) <= halfStep) ?? Number(exact.toPrecision(3));
}
function typedTemperature(typed, { low, high }) {
  const word = typed.trim().toLowerCase().replace(",", ".");
  if (["inf", "infinity", "∞"].includes(word)) return Infinity;
  const T = word === "" ? NaN : Number(word);
  return T >= low && T <= high ? T : null;
}
const shown = (T) => (T === Infinity ? "∞" : String(T));

class Controls {
  // moved(T) at every step of the hand, released(T) when it lets go, switched(axis).
  constructor({ moved, released, switched }) {
    Object.assign(this, { moved, released, held: false, typing: false });
    const name = { id: "view-temperature", "data-testid": "view-temperature" };
    this.label = html("label", { for: name.id });
    this.slider = html("input", { ...name, type: "range", min: 0, max: INFINITE, step: 1 });
    this.box = html("input", { type: "text", inputmode: "decimal", autocomplete: "off", "data-testid": "view-temperature-box" });
    this.buttons = AXES.map((axis) => html("button", { type: "button", "data-testid": `axis-${axis}` }));
    this.group = html("div", { role: "group", class: "switch" }, ...this.buttons);
    this.message = html("span", { role: "status", class: "message" });
    this.scale = html("div", { class: "scale", "aria-hidden": true });
    const track = html("div", { class: "track" }, this.slider, this.scale);
    this.root = html("div", { class: "controls" }, this.label, track, this.box, this.group, this.message);
    // A rerun that comes back meanwhile must fight neither with the hand on the slider nor with half a typed number.
    this.slider.onpointerdown = () => (this.held = true);
    this.slider.onpointerup = this.slider.onpointercancel = this.slider.onblur = () => (this.held = false);
    this.slider.oninput = () => this.slide();
    this.slider.onchange = () => this.release();
    this.box.oninput = () => (this.typing = true);
    this.box.onchange = () => this.type();
    this.box.onblur = () => this.show(this.T);
    this.buttons.forEach((button, i) => (button.onclick = () => switched(AXES[i])));
  }

  slide() {
    let position = Number(this.slider.value);
    // Between the highest and infinity there is nothing: the hand snaps to the nearer end, an arrow key crosses at once.
    const nearer = this.held ? position < (STEPS + INFINITE) / 2 : this.T === Infinity && position < INFINITE;
    if (position > STEPS) position = nearer ? STEPS : INFINITE;
    this.typing = false;
    this.moved(toTemperature(position, this.range));
  }

  type() {
    const T = typedTemperature(this.box.value, this.range);
    this.typing = false;
    this.moved(T ?? this.T);
    if (T !== null) this.release();
    else this.message.textContent = fill(this.words.refused, this.range);
  }

  release() {
    this.held = false;
    this.message.textContent = "";
    this.released(this.T);
  }

  name(words, range) {
    Object.assign(this, { words, range });
    this.scale.replaceChildren(...[...range.ticks, Infinity].map((T) =>
      html("span", { style: `--at:${toPosition(T, range) / INFINITE}` }, shown(T))));
    this.label.textContent = words.temperature;
    set(this.box, { "aria-label": words.temperature });
    set(this.group, { "aria-label": words.axis });
    this.buttons.forEach((button, i) => (button.textContent = words[AXES[i]]));
  }

  press(axis) {
    this.buttons.forEach((button, i) => set(button, { "aria-pressed": axis === AXES[i] }));
  }

  show(T) {
    this.T = T;
    this.slider.value = toPosition(T, this.range);
    this.slider.setAttribute("aria-valuetext", T === Infinity ? this.words.infinite : T);
    if (!this.typing) this.box.value = shown(T);
  }
}

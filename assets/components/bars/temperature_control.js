// The controls above the bars: a logarithmic slider with a place for infinity, a number box, the axis switch.
const LOWEST = 0.5, HIGHEST = 100, STEPS = 200, INFINITE = 216;
// The slider meets these exactly, so that the arrow keys do not pass 1 or 4 by a hair.
const ROUND = [0.5, 1, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 40, 50, 100];
const AXES = ["linear", "log"];

const toPosition = (T) => (T === Infinity ? INFINITE : (STEPS * Math.log(T / LOWEST)) / Math.log(HIGHEST / LOWEST));
function toTemperature(position) {
  if (position > STEPS) return Infinity;
  const exact = LOWEST * (HIGHEST / LOWEST) ** (position / STEPS);
  const halfStep = Math.log(HIGHEST / LOWEST) / STEPS / 2;
  return ROUND.find((T) => Math.abs(Math.log(T / exact)) <= halfStep) ?? Number(exact.toPrecision(3));
}
function typedTemperature(typed) {
  const word = typed.trim().toLowerCase().replace(",", ".");
  if (["inf", "infinity", "∞"].includes(word)) return Infinity;
  const T = word === "" ? NaN : Number(word);
  return T >= LOWEST && T <= HIGHEST ? T : null;
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
    const scale = [0.5, 1, 2, 5, 10, 20, 50, 100, Infinity].map((T) =>
      html("span", { style: `--at:${toPosition(T) / INFINITE}` }, shown(T)));
    const track = html("div", { class: "track" }, this.slider, html("div", { class: "scale", "aria-hidden": true }, ...scale));
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
    // Between 100 and infinity there is nothing: the hand snaps to the nearer end, an arrow key crosses at once.
    const nearer = this.held ? position < (STEPS + INFINITE) / 2 : this.T === Infinity && position < INFINITE;
    if (position > STEPS) position = nearer ? STEPS : INFINITE;
    this.typing = false;
    this.moved(toTemperature(position));
  }

  type() {
    const T = typedTemperature(this.box.value);
    this.typing = false;
    this.moved(T ?? this.T);
    if (T !== null) this.release();
    else this.message.textContent = this.words.refused;
  }

  release() {
    this.held = false;
    this.message.textContent = "";
    this.released(this.T);
  }

  name(words) {
    this.words = words;
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
    this.slider.value = toPosition(T);
    this.slider.setAttribute("aria-valuetext", T === Infinity ? this.words.infinite : T);
    if (!this.typing) this.box.value = shown(T);
  }
}

// A map of a sweep: every cell is coloured by its gain and has it written in; the cell under the hand shows its bars.
// Nodes are made in layout(); paint() only sets attributes (both in cells.js), so a new epoch neither blinks nor moves
// the focus.
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

class Landscape {
  constructor(parent) {
    this.id = `hatch-${Math.random().toString(36).slice(2)}`;
    this.yTitle = html("div", { class: "map-y" });
    this.frame = svg("g");
    this.box = svg("g", { role: "listbox", tabindex: 0, "data-testid": "map-cells" });
    this.ring = svg("rect", { class: "map-ring", rx: 4 });
    this.legend = svg("g");
    const hatch = svg("pattern", { id: this.id, width: 7, height: 7, patternUnits: "userSpaceOnUse" },
      svg("path", { d: "M-1 1L1-1M0 7L7 0M6 8L8 6", stroke: INK, "stroke-opacity": 0.45, "stroke-width": 1.1 }));
    this.chart = svg("svg", { "data-testid": "map" }, svg("defs", {}, hatch), this.frame, this.box, this.ring, this.legend);
    this.place = html("div", { class: "map-plot" }, this.chart);
    this.save = Object.assign(html("button", { type: "button", "data-testid": "map-png" }), { onclick: () => this.png() });
    this.name = html("div", { class: "map-name", "data-testid": "map-name" });
    this.lines = html("div", { class: "map-lines", "data-testid": "map-lines" });
    this.open = Object.assign(html("button", { type: "button", "data-testid": "map-open" }), { onclick: () => this.opened(this.now) });
    this.about = html("p", { class: "map-about" });
    this.note = html("p", { class: "map-about" });
    this.stage = html("div", { class: "map-bars" });
    this.tools = html("div", { class: "tools" }, this.save);
    const left = html("div", { class: "map-left" }, this.yTitle, this.place, this.note, this.tools);
    const head = html("div", { class: "map-head" }, html("div", {}, this.name, this.lines), this.open);
    parent.append(html("div", { class: "map" }, left, html("div", { class: "map-panel" }, head, this.about, this.stage)));
    this.listen();
    new ResizeObserver(() => this.place.clientWidth !== this.width && this.layout()).observe(this.place);
  }

  layout() {
    if (layoutMap(this)) this.paint();
  }

  paint() {
    if (!this.nodes) return;
    paintCells(this);
    paintKey(this);
    this.show(this.now);
  }

  listen() {
    const under = (event) => event.target.closest("[data-cell]")?.dataset.cell;
    this.box.onpointerover = (event) => event.pointerType === "mouse" && under(event) && this.touch(under(event));
    this.box.onclick = (event) => {
      const cell = under(event);
      if (cell === undefined) return;
      // A finger cannot hover: its first tap shows the cell, the second one opens it.
      if (event.pointerType === "touch" && Number(cell) !== this.tapped) return (this.tapped = Number(cell)), this.touch(cell);
      this.touch(cell);
      this.opened(this.now);
    };
    this.box.onkeydown = (event) => {
      const way = ARROWS[event.key];
      if (way) event.preventDefault(), this.walk(...way);
      if (event.key === "Enter" || event.key === " ") event.preventDefault(), this.opened(this.now);
    };
  }

  opened(index) {
    if (this.shown.get(index)?.opens) this.trigger("opened", index);
  }

  touch(index) {
    this.touched = true;
    this.show(Number(index));
  }

  // To the nearest cell on that side; one that is off the line counts as much farther.
  walk(dx, dy) {
    const from = this.shown.get(this.now);
    let best = null, least = Infinity;
    for (const cell of this.data.cells) {
      const [along, off] = [(cell.cx - from.cx) * dx + (cell.cy - from.cy) * dy, Math.abs((cell.cx - from.cx) * dy + (cell.cy - from.cy) * dx)];
      if (along > 0.5 && along + 3 * off < least) (least = along + 3 * off), (best = cell.index);
    }
    if (best !== null) this.touch(best);
  }

  update(data, trigger, setState) {
    Object.assign(this, { data, trigger, setState });
    const { words, x, y, cells, scatter } = data, shape = JSON.stringify([words, x, y, scatter, cells.map((cell) => [cell.index, cell.x, cell.y])]);
    this.shown = new Map(cells.map((cell) => [cell.index, cell]));
    if (!this.shown.has(this.now) || !this.touched) this.now = data.chosen;
    this.yTitle.textContent = y.title;
    this.note.textContent = data.note;
    this.save.textContent = words.png;
    this.open.textContent = words.open;
    this.box.setAttribute("aria-label", data.alt);
    if (shape !== this.shape) this.layout();
    else placeCells(this), this.paint();
    this.shape = shape;
  }

  show(index) {
    const cell = this.shown.get(index), node = this.nodes?.get(index);
    if (!cell || !node) return;
    this.nodes.get(this.now)?.root.setAttribute("aria-selected", false);
    this.now = index;
    node.root.setAttribute("aria-selected", true);
    this.box.setAttribute("aria-activedescendant", node.root.id);
    const { x, y, width, height, rx } = node.area;
    set(this.ring, { x: x - 2, y: y - 2, width: width + 4, height: height + 4, rx: rx + 2 });
    this.name.textContent = cell.name;
    this.lines.replaceChildren(...cell.lines.map((line) => html("div", {}, line)));
    this.open.disabled = !cell.opens;
    this.showBars(cell);
  }

  showBars({ answers }) {
    const { bars, logits, words } = this.data, arms = bars ? bars.arms.map((arm, i) => ({ ...arm, logits: logits[answers?.[i]] })).filter((arm) => arm.logits) : [];
    this.stage.hidden = !arms.length;
    this.about.textContent = arms.length ? bars.picture_alt : words.silent;
    if (arms.length) (this.bars ??= new Bars(this.stage)).update({ ...bars, arms }, this.setState);
  }

  // A picture to take along is drawn in the light theme, on which the cells' black letters can be read.
  async png() {
    const { title, subtitle, y, file } = this.data, light = { color: INK, "--st-text-color": INK, "--st-background-color": "#ffffff" };
    for (const [name, value] of Object.entries(light)) this.chart.style.setProperty(name, value);
    this.ring.setAttribute("visibility", "hidden");
    try {
      await png(this.chart, { title, subtitle, y_title: y.title, series: [], file }, true);
    } finally {
      for (const name of Object.keys(light)) this.chart.style.removeProperty(name);
      this.ring.removeAttribute("visibility");
    }
  }
}

export default function ({ data, parentElement, setTriggerValue, setStateValue }) {
  parentElement.kdMap ??= new Landscape(parentElement);
  parentElement.kdMap.update(data, setTriggerValue, setStateValue);
}

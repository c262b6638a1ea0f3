// Bars of softened probabilities, softened here so that no drag waits for the server.
// layout() makes nodes; paint() only sets attributes, all that a drag calls.
const DECADES = 6, LATE = 5000;

class Bars {
  constructor(parent) {
    this.id = Math.random().toString(36).slice(2); // two charts on a page must not share fill patterns
    this.sent = [];
    this.controls = new Controls({
      moved: (T) => ((this.T = T), this.paint()),
      released: (T) => this.release(T),
      switched: (axis) => ((this.axis = axis), this.layout(), this.report("axis", axis)),
    });
    this.picture = html("img", { class: "picture" });
    this.plot = html("div", { class: "plot" });
    this.facts = html("table", { class: "facts" });
    this.table = html("table", { class: "rows" });
    this.summary = html("summary");
    this.takeaway = new Takeaway(this);
    parent.append(html("div", { class: "kd" }, this.controls.root,
      html("div", { class: "stage" }, this.picture, this.plot), this.facts,
      this.takeaway.root, html("details", {}, this.summary, html("div", { class: "scroll", tabindex: 0 }, this.table))));
    new ResizeObserver(() => this.plot.clientWidth !== this.width && this.layout()).observe(this.plot);
  }

  release(T) {
    this.settle();
    this.sent.push({ T, at: Date.now() });
    this.report("temperature", T === Infinity ? "inf" : T);
  }

  report(name, value) {
    if (this.data.report) this.setState(name, value);
  }

  // Python's temperature is taken over only where Python itself changed it: not under the hand, and not when it is the
  // late echo of an earlier release.
  follow(T) {
    if (T === this.given) return;
    this.given = T;
    this.sent = this.sent.filter(({ at }) => Date.now() - at < LATE);
    const echo = this.sent.findIndex((sent) => sent.T === T), late = echo >= 0 && echo < this.sent.length - 1;
    if (this.T === undefined || !(this.controls.held || late)) this.T = T;
    this.sent.splice(0, echo + 1);
  }

  update(data, setState) {
    const { words, classes, arms, hard_label } = data;
    if (data.axis !== this.data?.axis) this.axis = data.axis;
    Object.assign(this, { data, setState });
    this.follow(data.temperature === "inf" ? Infinity : data.temperature);
    this.teacher = arms.findIndex((arm) => arm.role === "teacher");
    this.controls.root.hidden = !data.controls;
    this.picture.hidden = !data.picture;
    if (data.picture) set(this.picture, { src: data.picture, alt: data.picture_alt });
    const shape = JSON.stringify([words, data.temperature_range, classes, hard_label, arms.map((arm) => [arm.role, arm.name])]);
    if (shape !== this.shape) this.buildTables(words, classes, hard_label);
    if (shape !== this.shape || this.axis !== this.drawnAxis) this.layout();
    else this.paint(), this.settle();
    this.shape = shape;
  }

  buildTables(words, classes, hard_label) {
    const { arms } = this.data, kl = this.teacher < 0 ? [] : [words.divergence];
    this.controls.name(words, this.data.temperature_range), this.takeaway.name(words);
    this.summary.textContent = words.table;
    const legend = (arm, name) => html("span", { class: "name" }, svg("svg", { width: 24, height: 14, "aria-hidden": true },
      svg("rect", { x: 1, y: 1, width: 22, height: 12, ...this.ink(arm) })), name);
    const number = (name, arm) => html("span", { "data-testid": `${name}-${arm.role}` });
    this.facts.replaceChildren(row("th", "col", "", words.entropy, ...kl));
    this.cells = arms.map((arm) => {
      const cells = ["entropy", ...kl.map(() => "kl")].map((name) => number(name, arm));
      this.facts.append(row("td", "row", legend(arm, arm.name), ...cells));
      return cells;
    });
    if (hard_label !== null) this.facts.prepend(this.facts.firstChild, row("td", "row", legend(null, words.hard_label), "0", ...kl.map(() => "")));
    this.table.replaceChildren(row("th", "col", words.class, ...arms.map((arm) => arm.name)));
    this.numbers = classes.map((name) => {
      const cells = arms.map(() => html("span"));
      this.table.append(row("td", "row", name, ...cells));
      return cells;
    });
  }

  ink(arm) {
    if (!arm) return { fill: "none", stroke: "currentColor", "stroke-width": 1.5 };
    const { colour, pattern } = arm.style;
    return { fill: pattern ? `url(#${arm.role}-${this.id})` : colour, stroke: colour, "stroke-width": 1.2 };
  }

  layout() {
    const width = (this.width = this.plot.clientWidth), { classes, hard_label, arms, words } = this.data;
    if (!width) return;
    const lanes = [...(hard_label === null ? [] : [null]), ...arms];
    const longest = Math.max(...classes.map((name) => name.length));
    // Upright where every group has room for its name and bars; lying otherwise (a phone, a narrow column, long names).
    const upright = (width - 40) / classes.length >= Math.max(7 * lanes.length + 6, 7.5 * longest);
    const left = upright ? 36 : Math.min(8 * longest + 14, width * 0.35);
    const group = upright ? (width - left) / classes.length : 11 * lanes.length + 7;
    const pitch = upright ? Math.min((group - 8) / lanes.length, 30) : 11;
    const end = group * classes.length, base = upright ? 250 : left;
    this.span = upright ? base - 18 : width - left - 42;
    const place = (along, across) => (upright ? { x: left + across, y: base - along } : { x: base + along, y: across });
    const chart = svg("svg", { role: "img", width, height: upright ? base + 26 : end + 22, "data-testid": "bars" }, this.patterns());
    const write = (point, dx, dy, anchor, name, kind) =>
      svg("text", { x: point.x + dx, y: point.y + dy, "text-anchor": anchor, class: kind }, name);
    for (const [share, name] of this.ticks()) {
      const from = place(share * this.span, 0), to = place(share * this.span, end);
      chart.append(svg("line", { class: "grid", x1: from.x, y1: from.y, x2: to.x, y2: to.y }),
        upright ? write(from, -7, 4, "end", name, "tick") : write(to, 0, 16, "middle", name, "tick"));
    }
    this.bars = classes.flatMap((name, index) => {
      const middle = (index + 0.5) * group, kind = index === hard_label ? "class hard" : "class";
      chart.append(upright ? write(place(0, middle), 0, 18, "middle", name, kind) : write(place(0, middle), -8, 4, "end", name, kind));
      return lanes.map((arm, lane) => {
        const side = place(0, middle + (lane - lanes.length / 2) * pitch), across = upright ? "x" : "y";
        const rect = svg("rect", { ...side, [across]: side[across] + 1, width: pitch - 2, height: pitch - 2, ...this.ink(arm),
          "data-testid": `bar-${arm ? arm.role : "hard"}-${index}` });
        const value = upright ? write(side, pitch / 2, 0, "middle", "", "value") : write(side, 0, pitch / 2 + 3.5, "start", "", "value");
        chart.append(rect, value);
        return { rect, value, arm: arms.indexOf(arm), index, upright, base, room: upright ? pitch : 40 };
      });
    });
    this.plot.replaceChildren(html("div", { class: "axis" }, words.probability), chart);
    Object.assign(this, { chart, drawnAxis: this.axis });
    this.controls.press(this.axis);
    this.paint();
    this.settle();
  }

  patterns() {
    return svg("defs", {}, ...this.data.arms.filter((arm) => arm.style.pattern).map(({ role, style }) =>
      svg("pattern", { id: `${role}-${this.id}`, width: 6, height: 6, patternUnits: "userSpaceOnUse" },
        svg("rect", { width: 6, height: 6, fill: style.colour, "fill-opacity": 0.3 }),
        svg("path", { d: style.pattern, stroke: style.colour, "stroke-width": 1.7 }))));
  }

  ticks() {
    if (this.axis === "linear") return [0, 0.25, 0.5, 0.75, 1].map((p) => [p, String(p)]);
    return [..."⁶⁵⁴³²¹"].map((power, i) => [i / DECADES, "10⁻" + power]).concat([[1, "1"]]);
  }

  paint() {
    const { arms, hard_label } = this.data, log = this.axis === "log";
    this.logs = arms.map((arm) => logSoftmax(arm.logits, this.T));
    for (const { rect, value, arm, index, upright, base, room } of this.bars ?? []) {
      const p = arm < 0 ? Number(index === hard_label) : Math.exp(this.logs[arm][index]);
      const length = this.span * (log ? Math.max(0, 1 + Math.log10(p) / DECADES) : p), end = upright ? base - length : base + length;
      rect.setAttribute(upright ? "height" : "width", length);
      if (upright) rect.setAttribute("y", end);
      rect.setAttribute("visibility", length ? "visible" : "hidden");
      rect.dataset.p = p;
      value.setAttribute(upright ? "y" : "x", upright ? end - 4 : end + 5);
      const name = rounded(p, 2);
      value.textContent = arm >= 0 && (log ? length : p >= 0.005) && room >= 5 * name.length ? name : "";
    }
    this.cells.forEach(([entropy, kl], a) => {
      const H = -expected(this.logs[a], this.logs[a]), base = this.logs[this.teacher];
      set(entropy, { "data-value": H }).textContent = rounded(H, 3);
      if (!kl || a === this.teacher) return;
      const KL = Math.max(0, expected(base, base.map((log, i) => log - this.logs[a][i])));
      set(kl, { "data-value": KL }).textContent = KL ? rounded(KL, 3) : "0";
    });
    this.controls.show(this.T);
  }

  // What only has to be right at rest: the spoken summary and the table.
  settle() {
    const { words, classes, arms } = this.data;
    const p = this.logs.map((logs) => logs.map(Math.exp));
    const parts = arms.map(({ name }, a) => {
      const [i, j] = classes.map((_, i) => i).sort((i, j) => p[a][j] - p[a][i]);
      return fill(words.summary_arm, { name, first: classes[i], p: rounded(p[a][i], 2), second: classes[j] ?? "", q: rounded(p[a][j] ?? 0, 2) });
    });
    this.chart?.setAttribute("aria-label", [fill(words.summary, { temperature: shown(this.T) }), ...parts].join(" "));
    this.numbers.forEach((cells, i) => cells.forEach((cell, a) => (cell.textContent = rounded(p[a][i], 4))));
  }
}

export default function ({ data, parentElement, setStateValue }) {
  parentElement.kdBars ??= new Bars(parentElement);
  parentElement.kdBars.update(data, setStateValue);
}

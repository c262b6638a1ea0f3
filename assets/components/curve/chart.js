// Curves that grow in place. One Curve lives on the root across reruns, so zoom, crosshair and focus survive new points;
// nodes are made when the set of series changes, and every paint() only sets attributes.
const NARROW = 560, TOP = 14, BOTTOM = 42, LEFT = 58;

class Curve {
  constructor(parent) {
    this.id = `area-${Math.random().toString(36).slice(2)}`;
    const button = (name, onclick) => Object.assign(html("button", { type: "button", "data-testid": `curve-${name}` }), { onclick });
    this.buttons = {
      reset: button("reset", () => (this.zoomTo(null), this.chart.focus())),
      replay: button("replay", () => this.replay()),
      csv: button("csv", () => csv(this.data)),
      png: button("png", () => png(this.chart, this.data, this.wide)),
    };
    this.title = html("div", { class: "title" });
    this.subtitle = html("div", { class: "subtitle" });
    this.legend = html("div", { class: "legend" });
    this.yTitle = html("div", { class: "axis" });
    this.clip = svg("rect");
    this.grid = svg("g");
    this.lines = svg("g", { "clip-path": `url(#${this.id})` });
    this.labels = svg("g");
    this.marker = svg("path", { class: "marker" });
    this.cross = svg("path", { class: "cross" });
    this.box = svg("rect", { class: "box", visibility: "hidden" });
    this.chart = svg("svg", { role: "img", tabindex: 0, "data-testid": "curve" }, svg("defs", {}, svg("clipPath", { id: this.id }, this.clip)),
      this.grid, this.marker, this.lines, this.cross, this.labels, this.box);
    this.tip = html("div", { class: "tip", "data-testid": "curve-tip", hidden: "" });
    this.spoken = html("div", { class: "spoken", role: "status" });
    this.plot = html("div", { class: "plot" }, this.chart, this.tip);
    this.table = html("table");
    this.summary = html("summary");
    this.details = html("details", {}, this.summary, html("div", { class: "scroll", tabindex: 0 }, this.table));
    this.details.ontoggle = () => this.fillTable();
    parent.append(html("div", { class: "kd" }, html("div", { class: "head" }, html("div", { class: "words" }, this.title, this.subtitle),
      html("div", { class: "tools" }, ...Object.values(this.buttons))), this.legend, this.yTitle, this.plot, this.spoken, this.details));
    this.still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    listen(this);
    new ResizeObserver(() => this.plot.clientWidth !== this.width && this.paint()).observe(this.plot);
  }

  update(data) {
    const { words, series } = data, shape = JSON.stringify([words, series.map(({ name, role, variant, low }) => [name, role, variant, !low])]);
    const born = !this.data;
    this.data = data;
    if (shape !== this.shape) this.build();
    this.shape = shape;
    this.title.textContent = data.title;
    this.buttons.replay.hidden = !data.replay_seconds || this.still;
    this.xs = [...new Set(series.flatMap((line) => line.x))].sort((a, b) => a - b);
    this.subtitle.textContent = this.xs.length ? data.subtitle : [data.subtitle, words.empty].filter(Boolean).join(" · ");
    const ends = series.filter((line) => line.x.length).map((line) =>
      fill(words.summary_series, { name: line.name, y: this.format(line.y.at(-1)), x_title: data.x_title, x: line.x.at(-1) }));
    const whole = fill(words.summary, { title: data.title, x_title: data.x_title, from: data.x_range[0], to: data.x_range[1] });
    this.chart.setAttribute("aria-label", [whole, ...ends, words.help].join(" "));
    if (born && data.replay_seconds && !this.still) this.replay();
    else if (!this.playing) this.paint();
    this.fillTable();
  }

  build() {
    const { words, series } = this.data;
    for (const [name, button] of Object.entries(this.buttons)) button.textContent = words[name];
    this.summary.textContent = words.table;
    this.when = html("div", { class: "when" });
    this.drawn = series.map(({ name, style, variant, low }) => {
      const stroke = { stroke: style.colour, fill: "none" }, faint = 0.6 ** variant;
      const mark = { ...stroke, fill: variant ? "var(--st-background-color)" : style.colour, "stroke-width": 1.5 };
      const swatch = () => svg("svg", { width: 30, height: 14, "aria-hidden": true }, svg("path", { ...stroke, d: "M1 7H29", "stroke-width": 2.2, "stroke-dasharray": style.dash }),
        svg("path", { ...mark, d: `M15 7${style.marker}` }));
      const parts = {
        band: svg("path", { fill: style.colour, "fill-opacity": 0.14 * faint }),
        line: svg("path", { ...stroke, "stroke-width": variant ? 1.4 : 2.2, "stroke-opacity": faint, "stroke-dasharray": style.dash, "stroke-linejoin": "round" }),
        marks: svg("path", mark), lead: svg("path", { ...stroke, "stroke-width": 1 }), glyph: svg("path", mark), label: svg("text"),
        value: html("span", { class: "value" }), dot: svg("circle", { r: 5, ...mark, stroke: "var(--st-background-color)" }), legend: html("span", { class: "entry" }, swatch(), name) };
      parts.entry = html("div", { class: "entry" }, swatch(), html("span", { class: "who" }, name), parts.value);
      if (!low) parts.band.setAttribute("d", "");
      return parts;
    });
    const all = (part) => this.drawn.map((parts) => parts[part]);
    this.lines.replaceChildren(...all("band"), ...all("line"), ...all("marks"), ...all("dot"));
    this.labels.replaceChildren(...all("lead"), ...all("glyph"), ...all("label"));
    this.legend.replaceChildren(...all("legend"));
    this.tip.replaceChildren(this.when, ...all("entry"));
    this.width = null;
  }

  format(value) {
    return value == null ? "–" : worded(value, this.data.percent);
  }

  measure() {
    const { series, height, percent } = this.data, width = (this.width = this.plot.clientWidth);
    this.wide = width >= NARROW;
    // Room for the widest value from the start: the plot must not change its width while a number grows.
    const room = this.drawn.map(({ label }, i) => {
      label.textContent = `${this.wide ? series[i].name + "  " : ""}${percent ? "100.0 %" : "0.0000"}`;
      return label.getComputedTextLength();
    });
    const right = width - Math.min(Math.max(0, ...room) + 30, width / 2);
    this.inner = { left: LEFT, right, top: TOP, bottom: height - BOTTOM };
    set(this.chart, { width, height, viewBox: `0 0 ${width} ${height}` });
    set(this.clip, { x: LEFT, y: TOP - 6, width: Math.max(0, right - LEFT), height: height - BOTTOM - TOP + 12 });
    this.legend.hidden = this.wide;
  }

  paint(until = Infinity) {
    if (!this.plot.clientWidth) return;
    if (this.width !== this.plot.clientWidth || this.height !== this.data.height) this.measure();
    const { series, x_range, y_range, marker_x, height } = this.data, { left, right, top, bottom } = this.inner;
    this.height = height;
    const xs = this.zoom?.x ?? x_range;
    const ys = this.zoom?.y ?? y_range ?? niceRange(series.flatMap(({ y, low, high }) => [...y, ...(low ?? []), ...(high ?? [])]));
    this.x = linear(xs, [left, right]);
    this.y = linear(ys, [bottom, top]);
    paintAxes(this, xs, ys);
    this.buttons.reset.disabled = !this.zoom;
    this.marker.setAttribute("d", marker_x === null || marker_x < xs[0] || marker_x > xs[1] ? "" : `M${this.x(marker_x)} ${top}V${bottom}`);
    this.drawn.forEach((parts, i) => paintLine(this, parts, series[i], until));
    paintLabels(this, series, Math.min(until, xs[1]), xs[0]);
    this.point(this.cursor);
  }

  zoomTo(zoom) {
    const [low, high] = this.data.x_range;
    // Out beyond the whole range is the whole range.
    if (zoom && !zoom.y && zoom.x[1] - zoom.x[0] >= high - low) zoom = null;
    this.zoom = zoom;
    this.paint();
  }

  zoomBy(factor, centre = this.cursor) {
    const [low, high] = this.data.x_range, [from, to] = this.zoom?.x ?? [low, high], middle = centre ?? (from + to) / 2;
    const size = Math.max((to - from) * factor, (high - low) / 500);
    if (size >= high - low) return this.zoomTo(null);
    const start = Math.min(high - size, Math.max(low, middle - ((middle - from) / (to - from)) * size));
    this.zoomTo({ x: [start, start + size], y: this.zoom?.y });
  }

  step(by) {
    const { xs } = this, [from, to] = this.zoom?.x ?? this.data.x_range;
    const now = this.cursor == null ? -1 : nearest(xs, this.cursor);
    const next = now < 0 ? xs.findLastIndex((x) => x <= to) : Math.min(xs.length - 1, Math.max(0, now + by));
    if (next < 0) return;
    const x = xs[next], shift = Math.min(0, x - from) + Math.max(0, x - to);
    if (shift) this.zoomTo({ ...this.zoom, x: [from + shift, to + shift] });
    this.point(x);
    this.spoken.textContent = this.tip.innerText;
  }

  point(cursor) {
    this.cursor = cursor;
    paintCross(this, cursor);
  }

  replay() {
    const [from, to] = [this.data.x_range[0], this.xs.at(-1) ?? 0], begin = performance.now();
    const frame = (now) => {
      const share = Math.min(1, Math.max(0, now - begin) / 1000 / this.data.replay_seconds);
      this.playing = share < 1 && this.chart.isConnected;
      this.paint(this.playing ? from + share * (to - from) : Infinity);
      if (this.playing) requestAnimationFrame(frame);
    };
    this.playing = true;
    requestAnimationFrame(frame);
  }

  fillTable() {
    if (!this.details.open) return;
    const { series, x_title } = this.data, rows = series.map((line) => new Map(line.x.map((x, i) => [x, line.y[i]])));
    this.table.replaceChildren(row("th", "col", x_title, ...series.map((line) => line.name)),
      ...this.xs.map((x) => row("td", "row", String(x), ...rows.map((values) => this.format(values.get(x))))));
  }
}

export default function ({ data, parentElement }) {
  parentElement.kdCurve ??= new Curve(parentElement);
  parentElement.kdCurve.update(data);
}

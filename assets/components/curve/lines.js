// The drawing of a curve: axes, one line with its band and marks, the labels at the ends, the crosshair. Only attributes are set.
function paintAxes(curve, xs, ys) {
  const { x_title, y_title, percent, height } = curve.data, { left, right, top, bottom } = curve.inner;
  const drawn = JSON.stringify([xs, ys, curve.inner, x_title, y_title, percent]);
  if (drawn === curve.axes) return;
  curve.axes = drawn;
  const write = (x, y, anchor, name) => svg("text", { x, y, "text-anchor": anchor }, name);
  const yTicks = ticks(ys, (bottom - top) / 52), digits = percent && yTicks[1] - yTicks[0] < 0.01 ? 1 : 0;
  curve.grid.replaceChildren(
    ...yTicks.flatMap((tick) => [svg("path", { d: `M${left} ${curve.y(tick)}H${right}` }),
      write(left - 9, curve.y(tick) + 4, "end", percent ? `${(100 * tick).toFixed(digits)} %` : String(tick))]),
    ...ticks(xs, (right - left) / 72).flatMap((tick) => [svg("path", { d: `M${curve.x(tick)} ${bottom}v5`, class: "notch" }), write(curve.x(tick), bottom + 19, "middle", String(tick))]),
    svg("path", { d: `M${left} ${bottom}H${right}`, class: "notch" }),
    write((left + right) / 2, height - 6, "middle", x_title));
  curve.yTitle.textContent = y_title;
}

function paintLine(curve, parts, { x, y, low, high, style }, until) {
  const end = valueAt(x, y, until), count = x.findIndex((value) => value > until), n = count < 0 ? x.length : count;
  let d = "", marks = "", slot = 0, pen = "M";
  for (let i = 0; i < n; i += 1) {
    if (y[i] === null) { pen = "M"; continue; }
    const at = `${curve.x(x[i]).toFixed(1)} ${curve.y(y[i]).toFixed(1)}`;
    d += pen + at;
    pen = "L";
    // Marks sit on a raster of the axis, so that they stay where they are while the line grows.
    const here = Math.floor((x[i] - curve.data.x_range[0]) / (curve.x.invert(80) - curve.x.invert(0)));
    if (here !== slot) marks += `M${at}${style.marker}`;
    slot = here;
  }
  if (end && end.y !== null && d && n < x.length) d += `L${curve.x(end.x)} ${curve.y(end.y)}`;
  parts.line.setAttribute("d", d);
  parts.marks.setAttribute("d", marks);
  if (!low) return;
  const kept = [...Array(n).keys()].filter((i) => low[i] !== null && high[i] !== null);
  const edge = (values, order) => order.map((i) => `${curve.x(x[i]).toFixed(1)} ${curve.y(values[i]).toFixed(1)}`).join("L");
  parts.band.setAttribute("d", kept.length ? `M${edge(high, kept)}L${edge(low, [...kept].reverse())}Z` : "");
}

function paintLabels(curve, series, until, from) {
  const { top, bottom } = curve.inner;
  const ends = series.map(({ x, y }) => valueAt(x, y, until)).map((end) => (end && end.y !== null && end.x >= from ? end : null));
  const heights = ends.map((end) => (end ? Math.min(bottom, Math.max(top, curve.y(end.y))) : null));
  const shown = ends.map((_, i) => i).filter((i) => ends[i]);
  const placed = stack(shown.map((i) => heights[i]), 18, bottom);
  curve.drawn.forEach(({ lead, glyph, label }, i) => {
    const n = shown.indexOf(i), hidden = n < 0 ? "hidden" : "visible";
    for (const part of [lead, glyph, label]) part.setAttribute("visibility", hidden);
    if (n < 0) return;
    const x = curve.x(ends[i].x), y = placed[n];
    lead.setAttribute("d", `M${x} ${heights[i]}L${x + 12} ${y}`);
    glyph.setAttribute("d", `M${x + 14} ${y}${series[i].style.marker}`);
    set(label, { x: x + 23, y: y + 4 }).textContent = `${curve.wide ? series[i].name + "  " : ""}${curve.format(ends[i].y)}`;
  });
}

// The value of every series at the point nearest to the cursor.
function paintCross(curve, cursor) {
  const { series, x_title, words } = curve.data, { left, right, top, bottom } = curve.inner, [from, to] = curve.zoom?.x ?? curve.data.x_range;
  const hidden = cursor == null || !curve.xs.length || cursor < from || cursor > to;
  curve.tip.hidden = hidden;
  curve.cross.setAttribute("d", "");
  const x = hidden ? null : curve.xs[nearest(curve.xs, cursor)];
  curve.drawn.forEach(({ dot, entry, value }, i) => {
    const line = series[i], at = hidden ? -1 : line.x.length ? nearest(line.x, x) : -1, y = at < 0 ? null : line.y[at];
    const near = y !== null && Math.abs(line.x[at] - x) <= (to - from) / 20;
    dot.setAttribute("visibility", near ? "visible" : "hidden");
    entry.hidden = !near;
    if (!near) return;
    set(dot, { cx: curve.x(line.x[at]), cy: curve.y(y) });
    const band = line.low && line.low[at] !== null ? ` (${fill(words.band, { low: curve.format(line.low[at]), high: curve.format(line.high[at]) })})` : "";
    value.textContent = curve.format(y) + band;
  });
  if (hidden) return;
  const px = curve.x(x);
  curve.when.textContent = `${x_title} ${x}`;
  curve.cross.setAttribute("d", `M${px} ${top}V${bottom}`);
  // Beside the line, away from the curves, and never out of the chart.
  const middle = curve.drawn.reduce((sum, { dot }) => sum + Number(dot.getAttribute("cy")), 0) / curve.drawn.length;
  const y = middle < (top + bottom) / 2 ? bottom - curve.tip.offsetHeight - 8 : top;
  const room = curve.width - curve.tip.offsetWidth, side = px < (left + right) / 2 ? px + 14 : px - 14 - curve.tip.offsetWidth;
  curve.tip.style.transform = `translate(${Math.max(0, Math.min(room, side))}px, ${y}px)`;
}

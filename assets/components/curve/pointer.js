// What hand and keyboard do on a curve: drag a box, turn the wheel, walk along the points.
function listen(curve) {
  const { chart, box } = curve;
  let start = null;
  const at = (event) => {
    const edge = chart.getBoundingClientRect();
    return [event.clientX - edge.left, event.clientY - edge.top];
  };
  const hover = (event) => curve.point(curve.x.invert(at(event)[0]));
  // The dragged box in data coordinates; null while it is no more than a click. A flat box leaves the height alone.
  const area = (event) => {
    const { left, right, top, bottom } = curve.inner, [x, y] = at(event), flat = Math.abs(y - start[1]) < 12;
    const within = (value, low, high) => Math.min(high, Math.max(low, value));
    const xs = [start[0], x].map((value) => within(value, left, right)).sort((a, b) => a - b);
    const ys = (flat ? [top, bottom] : [start[1], y].map((value) => within(value, top, bottom))).sort((a, b) => a - b);
    const shown = xs[1] - xs[0] > 6;
    set(box, { x: xs[0], y: ys[0], width: xs[1] - xs[0], height: ys[1] - ys[0], visibility: shown ? "visible" : "hidden" });
    return shown && { x: xs.map(curve.x.invert), y: flat ? curve.zoom?.y : ys.reverse().map(curve.y.invert) };
  };
  const finish = () => ((start = null), box.setAttribute("visibility", "hidden"));
  chart.onpointerdown = (event) => {
    if (event.button) return;
    start = at(event);
    chart.setPointerCapture(event.pointerId);
  };
  chart.onpointermove = (event) => (start && event.buttons ? area(event) : hover(event));
  chart.onpointerup = (event) => {
    const chosen = start && area(event);
    finish();
    if (chosen) curve.zoomTo(chosen);
    else hover(event);
  };
  chart.onpointercancel = finish;
  chart.onpointerleave = () => start || curve.point(null);
  chart.onblur = () => curve.point(null);
  // Unfocused, the wheel belongs to the page: nobody should get stuck on a chart while scrolling past it.
  chart.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !chart.matches(":focus")) return;
    event.preventDefault();
    curve.zoomBy(1.0015 ** event.deltaY, curve.x.invert(at(event)[0]));
  }, { passive: false });
  const keys = { "+": () => curve.zoomBy(0.6), "=": () => curve.zoomBy(0.6), "-": () => curve.zoomBy(1 / 0.6), 0: () => curve.zoomTo(null),
    ArrowLeft: () => curve.step(-1), ArrowRight: () => curve.step(1), Escape: () => curve.point(null) };
  chart.onkeydown = (event) => {
    if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    keys[event.key]();
  };
}

// The drawing of a map: where its cells are, how they look, and what the colours mean.
const LESS = [191, 129, 45], EVEN = [245, 245, 245], MORE = [53, 151, 143]; // black letters: 5.9:1 and more on each
const INK = "#111111";
const mixed = (share) => {
  const end = share < 0 ? LESS : MORE, part = Math.min(1, Math.abs(share));
  return `rgb(${EVEN.map((from, i) => Math.round(from + (end[i] - from) * part)).join(", ")})`;
};
const label = (x, y, anchor, words, kind = "tick") => svg("text", { x, y, "text-anchor": anchor, class: kind }, words);

// Where every cell is: x and y count places on a map, and are shares of the axes on a scatter.
function placeCells(map) {
  const { left, top, wide, high, tall } = map.sizes ?? {}, { scatter, cells } = map.data;
  for (const cell of map.sizes ? cells : []) {
    cell.cx = left + (scatter ? cell.x * tall.x : (cell.x + 0.5) * wide);
    cell.cy = top + (scatter ? (1 - cell.y) * tall.y : tall.y - (cell.y + 0.5) * high);
  }
}

// Makes the nodes; false where there is no room yet.
function layoutMap(map) {
  const width = (map.width = map.place.clientWidth), { x, y, scatter, cells } = map.data;
  if (!width) return false;
  const longest = (axis) => Math.max(1, ...axis.labels.map((name) => name.length));
  const left = Math.min(7 * longest(y) + (scatter ? 26 : 12), width * 0.3), room = width - left - (scatter ? 22 : 4);
  const wide = scatter ? (cells.length > 40 ? 16 : 28) : Math.min(room / x.labels.length, 110);
  const high = scatter ? wide : y.labels.length === 1 ? 58 : Math.max(28, Math.min(wide * 0.8, 48));
  const tall = scatter ? { x: room, y: 300 } : { x: wide * x.labels.length, y: high * y.labels.length };
  const top = scatter ? 24 : 6;
  map.sizes = { left, top, wide, high, tall };
  placeCells(map);
  const floor = top + tall.y, every = Math.ceil((7 * longest(x) + 8) / (scatter ? 1e9 : wide));
  const along = (share, i) => left + (scatter ? share * tall.x : (i + 0.5) * wide), up = (share, i) => floor - (scatter ? share * tall.y : (i + 0.5) * high);
  map.frame.replaceChildren(
    ...(scatter ? [svg("path", { class: "map-axis", d: `M${left - 16} ${floor + 14}H${left + tall.x + 16}M${left - 16} ${floor + 14}V4` })] : []),
    ...y.labels.map((name, i) => label(left - (scatter ? 22 : 7), up(y.shares?.[i], i) + 4, "end", name)),
    ...x.labels.map((name, i) => label(along(x.shares?.[i], i), floor + (scatter ? 30 : 17), "middle", i % every ? "" : name)),
    label(left + tall.x / 2, floor + (scatter ? 50 : 37), "middle", x.title, "map-x"));
  map.nodes = new Map(cells.map((cell) => [cell.index, cellNode(map, cell, scatter)]));
  map.box.replaceChildren(...[...map.nodes.values()].map((node) => node.root));
  map.height = floor + (scatter ? 62 : 50);
  return true;
}

function cellNode(map, { index, cx, cy }, scatter) {
  const { wide, high } = map.sizes, gap = scatter ? 0 : 1;
  const area = { x: cx - wide / 2 + gap, y: cy - high / 2 + gap, width: wide - 2 * gap, height: high - 2 * gap, rx: scatter ? wide / 2 : 3 };
  const round = { x: area.x - 2, y: area.y - 2, width: area.width + 4, height: area.height + 4, rx: area.rx + 2 };
  const parts = { edge: svg("rect", { ...round, class: "map-edge" }), fill: svg("rect", { ...area, class: "map-cell" }), hatch: svg("rect", { ...area, fill: `url(#${map.id})` }),
    value: label(cx, cy + 4, "middle", "", "map-value"), word: label(cx, cy - high / 2 + 12, "middle", "", "map-word") };
  const root = svg("g", { role: "option", id: `${map.id}-${index}`, "data-cell": index, "data-testid": `cell-${index}` }, ...Object.values(parts));
  return { root, area, ...parts };
}

function paintCells(map) {
  const { limit, cells, words } = map.data, { wide, high } = map.sizes;
  for (const { index, gain, value, zero, mark, best, label: spoken } of cells) {
    const node = map.nodes.get(index), colour = gain === null ? "none" : mixed(gain / limit);
    set(node.root, { "aria-label": spoken, "aria-selected": false });
    set(node.fill, { fill: colour, class: `map-cell${gain === null ? " map-none" : ""}${best ? " map-best" : ""}` });
    set(node.edge, { visibility: best ? "visible" : "hidden" });
    set(node.hatch, { visibility: zero ? "visible" : "hidden" });
    const size = Math.min(13, (wide - 3) / (0.58 * Math.max(1, value.length))), named = best && high >= 28 && wide >= 30;
    const word = mark ? (wide >= 5.4 * mark.length + 2 ? mark : "✕") : named ? words.best : "";
    node.value.textContent = size >= 8 ? value : "";
    node.word.textContent = word;
    const shift = word && value ? 4 + high * 0.14 : 4;
    set(node.value, { y: node.area.y + node.area.height / 2 + shift, "font-size": `${size}px`, style: `fill:${gain === null ? "var(--st-text-color)" : INK};stroke:${zero ? colour : "none"}` });
    set(node.word, { y: value ? node.area.y + (high > 44 ? 15 : 12) : node.area.y + node.area.height / 2 + 4, style: `fill:${gain === null ? "var(--st-text-color)" : INK};stroke:${zero ? colour : "none"}` });
  }
}

function paintKey(map) {
  const { limit, words, cells } = map.data, { left } = map.sizes, top = map.height, long = 168, parts = 21;
  const bar = Array.from({ length: parts }, (_, i) => svg("rect", { x: left + (i * long) / parts, y: top, width: long / parts + 0.5, height: 12, fill: mixed((2 * i) / (parts - 1) - 1) }));
  const ends = [-limit, 0, limit].map((value, i) => label(left + (i * long) / 2, top + 26, "middle", value > 0 ? `+${value}` : String(value)));
  const rows = [label(left + long + 16, top + 10, "start", words.gain)];
  const swatch = (extra, name) => {
    const y = top + 40 + 22 * (rows.length - 1);
    rows.push(svg("g", {}, ...(extra.class ? [svg("rect", { x: left - 2, y: y - 2, width: 26, height: 18, rx: 5, class: "map-edge" })] : []), svg("rect", { x: left, y, width: 22, height: 14, rx: 3, fill: mixed(0), ...extra }), ...(extra.hatched ? [svg("rect", { x: left, y, width: 22, height: 14, rx: 3, fill: `url(#${map.id})` })] : []), label(left + 30, y + 11, "start", name)));
  };
  if (cells.some((cell) => cell.zero)) swatch({ hatched: true }, words.zero);
  if (cells.some((cell) => cell.best)) swatch({ class: "map-best" }, words.chosen);
  map.legend.replaceChildren(...bar, ...ends, ...rows);
  const height = top + 34 + 22 * (rows.length - 1) + 6;
  set(map.chart, { width: map.width, height, viewBox: `0 0 ${map.width} ${height}` });
}

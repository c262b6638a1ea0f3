/** The drawing of a map: where its cells are, how they look, and what the colours mean. */

import { LETTER_COLOUR, gainColour } from "../shared/colours.js";
import { setAttributes, svg } from "../shared/dom.js";

/** @import { GainMap, MapAxis, MapCell } from "./chart.js" */

/** @typedef {{ x: number, y: number, width: number, height: number, rx: number }} Area */
/** @typedef {ReturnType<typeof makeCellNode>} CellNode */

/**
 * The map's measures in pixels: its upper left corner, a cell's size and the whole plot's.
 * @typedef {object} Sizes
 * @property {number} left
 * @property {number} top
 * @property {number} cellWidth
 * @property {number} cellHeight
 * @property {number} plotWidth
 * @property {number} plotHeight
 */

const SCATTER_HEIGHT = 300;
const MANY_CELLS = 40;
const KEY_WIDTH = 168;
const KEY_PARTS = 21;

/**
 * @param {number} x
 * @param {number} y
 * @param {string} anchor
 * @param {string} text
 * @param {string} [kind] its class
 */
function textAt(x, y, anchor, text, kind = "tick") {
  return svg("text", { x, y, "text-anchor": anchor, class: kind }, text);
}

/** @param {MapAxis} axis */
const longestLabel = (axis) => Math.max(1, ...axis.labels.map((name) => name.length));

/**
 * @param {GainMap} map
 * @returns {Sizes}
 */
function measureMap({ data: { x, y, scatter, cells }, width }) {
  const left = Math.min(7 * longestLabel(y) + (scatter ? 26 : 12), width * 0.3);
  const room = width - left - (scatter ? 22 : 4);
  if (scatter) {
    const size = cells.length > MANY_CELLS ? 16 : 28;
    return { left, top: 24, cellWidth: size, cellHeight: size, plotWidth: room, plotHeight: SCATTER_HEIGHT };
  }
  const cellWidth = Math.min(room / x.labels.length, 110);
  const cellHeight = y.labels.length === 1 ? 58 : Math.max(28, Math.min(cellWidth * 0.8, 48));
  const plotWidth = cellWidth * x.labels.length;
  return { left, top: 6, cellWidth, cellHeight, plotWidth, plotHeight: cellHeight * y.labels.length };
}

/**
 * Tell every cell its centre: x and y count places on a map, and are shares of the axes on a scatter.
 * @param {GainMap} map
 */
export function placeCells({ data: { scatter, cells }, sizes }) {
  if (!sizes) return;
  const { left, top, cellWidth, cellHeight, plotWidth, plotHeight } = sizes;
  for (const cell of cells) {
    cell.cx = left + (scatter ? cell.x * plotWidth : (cell.x + 0.5) * cellWidth);
    cell.cy = top + (scatter ? (1 - cell.y) * plotHeight : plotHeight - (cell.y + 0.5) * cellHeight);
  }
}

/**
 * Make the nodes.
 * @param {GainMap} map
 * @returns {boolean} false where there is no room yet
 */
export function layoutMap(map) {
  map.width = map.plot.clientWidth;
  if (!map.width) return false;
  map.sizes = measureMap(map);
  placeCells(map);
  map.frame.replaceChildren(...makeFrame(map.data, map.sizes));
  map.nodes = new Map(map.data.cells.map((cell) => [cell.index, makeCellNode(map, cell)]));
  map.box.replaceChildren(...[...map.nodes.values()].map((node) => node.root));
  return true;
}

/**
 * The lines and words around the cells.
 * @param {GainMap["data"]} data
 * @param {Sizes} sizes
 */
function makeFrame({ x, y, scatter }, { left, top, cellWidth, cellHeight, plotWidth, plotHeight }) {
  const floor = top + plotHeight;
  const axisLines = `M${left - 16} ${floor + 14}H${left + plotWidth + 16}M${left - 16} ${floor + 14}V4`;
  // Labels that would overlap are left out at regular distances.
  const every = scatter ? 1 : Math.ceil((7 * longestLabel(x) + 8) / cellWidth);
  /** @type {(i: number) => number} */
  const across = (i) => left + (x.shares ? x.shares[i] * plotWidth : (i + 0.5) * cellWidth);
  /** @type {(i: number) => number} */
  const up = (i) => floor - (y.shares ? y.shares[i] * plotHeight : (i + 0.5) * cellHeight);
  return [
    ...(scatter ? [svg("path", { class: "map-axis", d: axisLines })] : []),
    ...y.labels.map((name, i) => textAt(left - (scatter ? 22 : 7), up(i) + 4, "end", name)),
    ...x.labels.map((name, i) => textAt(across(i), floor + (scatter ? 30 : 17), "middle", i % every ? "" : name)),
    textAt(left + plotWidth / 2, floor + (scatter ? 50 : 37), "middle", x.title, "map-x"),
  ];
}

/**
 * @param {GainMap} map with sizes
 * @param {MapCell} cell
 */
function makeCellNode({ id, data: { scatter }, sizes }, { index, cx, cy }) {
  const { cellWidth, cellHeight } = /** @type {Sizes} */ (sizes);
  const gap = scatter ? 0 : 1;
  const area = {
    x: cx - cellWidth / 2 + gap,
    y: cy - cellHeight / 2 + gap,
    width: cellWidth - 2 * gap,
    height: cellHeight - 2 * gap,
    rx: scatter ? cellWidth / 2 : 3,
  };
  const parts = {
    edge: svg("rect", { ...widened(area), class: "map-edge" }),
    fill: svg("rect", { ...area, class: "map-cell" }),
    hatch: svg("rect", { ...area, fill: `url(#${id})` }),
    value: textAt(cx, cy + 4, "middle", "", "map-value"),
    word: textAt(cx, cy - cellHeight / 2 + 12, "middle", "", "map-word"),
  };
  const attributes = { role: "option", id: `${id}-${index}`, "data-cell": index, "data-testid": `cell-${index}` };
  return { root: svg("g", attributes, ...Object.values(parts)), area, ...parts };
}

/**
 * A rectangle two pixels outside another.
 * @param {Area} area
 * @returns {Area}
 */
export function widened({ x, y, width, height, rx }) {
  return { x: x - 2, y: y - 2, width: width + 4, height: height + 4, rx: rx + 2 };
}

/** @param {GainMap} map */
export function paintCells(map) {
  for (const cell of map.data.cells) {
    const node = map.nodes.get(cell.index);
    if (node) paintCell(map, cell, node);
  }
}

/**
 * @param {GainMap} map with sizes
 * @param {MapCell} cell
 * @param {CellNode} node
 */
function paintCell(map, { gain, value, zero, mark, best, label }, node) {
  const { cellWidth, cellHeight } = /** @type {Sizes} */ (map.sizes);
  const colour = gain === null ? "none" : gainColour(gain / map.data.limit);
  setAttributes(node.root, { "aria-label": label, "aria-selected": false });
  setAttributes(node.fill, {
    fill: colour,
    class: `map-cell${gain === null ? " map-none" : ""}${best ? " map-best" : ""}`,
  });
  setAttributes(node.edge, { visibility: best ? "visible" : "hidden" });
  setAttributes(node.hatch, { visibility: zero ? "visible" : "hidden" });
  const size = Math.min(13, (cellWidth - 3) / (0.58 * Math.max(1, value.length)));
  const roomForBest = best && cellHeight >= 28 && cellWidth >= 30;
  const shortMark = cellWidth >= 5.4 * mark.length + 2 ? mark : "✕";
  const word = mark ? shortMark : roomForBest ? map.data.words.best : "";
  node.value.textContent = size >= 8 ? value : "";
  node.word.textContent = word;
  const middle = node.area.y + node.area.height / 2;
  const letters = gain === null ? "var(--st-text-color)" : LETTER_COLOUR;
  // Over hatching, letters have a rim in the cell's colour.
  const style = `fill:${letters};stroke:${zero ? colour : "none"}`;
  setAttributes(node.value, {
    y: middle + (word && value ? 4 + cellHeight * 0.14 : 4),
    "font-size": `${size}px`,
    style,
  });
  setAttributes(node.word, { y: value ? node.area.y + (cellHeight > 44 ? 15 : 12) : middle + 4, style });
}

/**
 * Draw the colour scale and what hatching and rim mean, and fit the chart's height to them.
 * @param {GainMap} map with sizes
 */
export function paintKey(map) {
  const { limit, words, cells, scatter } = map.data;
  const { left, top: plotTop, plotHeight } = /** @type {Sizes} */ (map.sizes);
  const top = plotTop + plotHeight + (scatter ? 62 : 50);
  const partWidth = KEY_WIDTH / KEY_PARTS;
  const scale = Array.from({ length: KEY_PARTS }, (_, i) => {
    const fill = gainColour((2 * i) / (KEY_PARTS - 1) - 1);
    return svg("rect", { x: left + (i * KEY_WIDTH) / KEY_PARTS, y: top, width: partWidth + 0.5, height: 12, fill });
  });
  const numbers = [-limit, 0, limit].map((value, i) =>
    textAt(left + (i * KEY_WIDTH) / 2, top + 26, "middle", value > 0 ? `+${value}` : String(value)),
  );
  /** @type {SVGGElement[]} */
  const swatches = [];
  const nextTop = () => top + 40 + 22 * swatches.length;
  if (cells.some((cell) => cell.zero)) swatches.push(makeSwatch(map, left, nextTop(), "zero"));
  if (cells.some((cell) => cell.best)) swatches.push(makeSwatch(map, left, nextTop(), "best"));
  const title = textAt(left + KEY_WIDTH + 16, top + 10, "start", words.gain);
  map.key.replaceChildren(...scale, ...numbers, title, ...swatches);
  const height = nextTop();
  setAttributes(map.chart, { width: map.width, height, viewBox: `0 0 ${map.width} ${height}` });
}

/**
 * @param {GainMap} map
 * @param {number} x
 * @param {number} y
 * @param {"zero" | "best"} kind hatched, or with a rim
 */
function makeSwatch({ id, data: { words } }, x, y, kind) {
  const area = { x, y, width: 22, height: 14, rx: 3 };
  const fill = svg("rect", { ...area, fill: gainColour(0) });
  const text = textAt(x + 30, y + 11, "start", kind === "best" ? words.chosen : words.zero);
  if (kind === "zero") return svg("g", {}, fill, svg("rect", { ...area, fill: `url(#${id})` }), text);
  fill.setAttribute("class", "map-best");
  return svg("g", {}, svg("rect", { ...widened(area), class: "map-edge" }), fill, text);
}

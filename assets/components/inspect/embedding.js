/** A map of the images by what a network computes of them; points are chosen one by one, by a lasso, or by keyboard. */

import { fillTemplate, html, makeButton, setAttributes, svg } from "../shared/dom.js";
import { GROUPS } from "./counts.js";
import { FULL } from "./frames.js";
import { groupName } from "./groups.js";
import { indicesOf, pickOf } from "./picks.js";

/** @import { Scene } from "./view.js" */

/** @typedef {{ x: Uint16Array, y: Uint16Array }} Places */

/**
 * Where the points come from: logits follow the epoch, features are those of the reported network.
 * @typedef {{ name: string, places: (scene: Scene) => Places, note: string }} Source
 */

const HEIGHT = 330;
const EDGE = 12;
const NEAR = 14;
const MOST_REACH = 256;
/** @type {Record<string, [number, number]>} */
const DIRECTIONS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const CROSS = "m-3.5-3.5l7 7m0-7l-7 7";
const PLUS = "m-4.5 0h9m-4.5-4.5v9";
const DOT = "m-2 0a2 2 0 1 0 4 0a2 2 0 1 0-4 0z";

/**
 * @param {[number, number][]} polygon
 * @param {number} x
 * @param {number} y
 */
function isInside(polygon, x, y) {
  let inside = false;
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i, i += 1) {
    const [xi, yi] = polygon[i];
    const [xj, yj] = polygon[j];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
  }
  return inside;
}

export class Embedding {
  /** @type {Scene} */
  scene;
  /** @type {Source[]} */
  sources = [];
  chosen = 0;
  current = 0;
  reach = 1;
  /** @type {[number, number][]} */
  lasso = [];
  lassoByTouch = false;
  width = 0;
  colour = "";

  /**
   * @param {(pick: string) => void} select
   * @param {() => void} onSource when another source was chosen
   */
  constructor(select, onSource) {
    this.select = select;
    this.onSource = onSource;
    this.switch = html("div", { class: "switch", role: "group" });
    this.lassoButton = makeButton({ "data-testid": "lasso", class: "lasso" }, () => this.toggleLasso());
    this.canvas = html("canvas", { "data-testid": "embedding", tabindex: 0, role: "application" });
    this.line = svg("polyline", { class: "lasso-line" });
    this.ring = svg("circle", { r: 8, class: "ring" });
    this.over = svg("svg", { class: "over", "aria-hidden": true }, this.line, this.ring);
    this.spoken = html("p", { role: "status", class: "note", "data-testid": "embedding-point" });
    this.legend = html("p", { class: "legend" });
    const plot = html("div", { class: "cloud" }, this.canvas, this.over);
    this.root = html("div", {}, html("div", { class: "sources" }, this.switch, this.lassoButton), plot);
    this.root.append(this.legend, this.spoken);
    this.listen();
  }

  /**
   * @param {Source[]} sources
   * @param {Record<string, string>} words
   */
  describe(sources, words) {
    this.sources = sources;
    this.chosen = Math.min(this.chosen, sources.length - 1);
    this.lassoButton.textContent = words.lasso;
    setAttributes(this.switch, { "aria-label": words.embedding_source });
    this.switch.replaceChildren(
      ...sources.map(({ name }, i) => {
        const button = makeButton({ "aria-pressed": i === this.chosen, "data-testid": `source-${i}` }, () => {
          this.chosen = i;
          this.describe(this.sources, words);
          this.onSource();
        });
        button.append(name);
        return button;
      }),
    );
    setAttributes(this.lassoButton, { "aria-pressed": this.lassoByTouch });
  }

  toggleLasso() {
    this.lassoByTouch = !this.lassoByTouch;
    setAttributes(this.lassoButton, { "aria-pressed": this.lassoByTouch });
    this.canvas.style.touchAction = this.lassoByTouch ? "none" : "";
  }

  listen() {
    const place = (/** @type {PointerEvent} */ event) => {
      const area = this.canvas.getBoundingClientRect();
      return /** @type {[number, number]} */ ([event.clientX - area.left, event.clientY - area.top]);
    };
    this.canvas.onpointerdown = (event) => {
      // A finger scrolls the page, unless the lasso was taken into the hand.
      if (event.pointerType === "touch" && !this.lassoByTouch) return;
      this.canvas.setPointerCapture(event.pointerId);
      this.lasso = [place(event)];
    };
    this.canvas.onpointermove = (event) => {
      if (!this.lasso.length) return;
      this.lasso.push(place(event));
      this.line.setAttribute("points", this.lasso.map((point) => point.join(",")).join(" "));
    };
    this.canvas.onpointerup = (event) => {
      const polygon = this.lasso;
      this.endLasso();
      const [x, y] = place(event);
      const extent = Math.max(0, ...polygon.map(([px, py]) => Math.hypot(px - x, py - y)));
      if (extent > 6) this.takeInside(polygon);
      else this.takeNearest(x, y);
    };
    this.canvas.onpointercancel = () => this.endLasso();
    this.canvas.onkeydown = (event) => this.press(event);
    this.canvas.onblur = () => this.ring.setAttribute("visibility", "hidden");
    this.canvas.onfocus = () => this.showCurrent();
  }

  endLasso() {
    this.lasso = [];
    this.line.setAttribute("points", "");
  }

  /** @param {[number, number][]} polygon */
  takeInside(polygon) {
    const mask = this.scene.labels.map((_, i) => Number(isInside(polygon, ...this.pixel(i))));
    this.select(pickOf(indicesOf(Uint8Array.from(mask))));
  }

  /**
   * @param {number} x
   * @param {number} y
   */
  takeNearest(x, y) {
    const [nearest] = this.nearestTo(x, y, 1);
    const [px, py] = this.pixel(nearest);
    if (Math.hypot(px - x, py - y) > NEAR) return;
    this.current = nearest;
    this.showCurrent();
    this.select(pickOf([nearest]));
  }

  /**
   * @param {number} x
   * @param {number} y
   * @param {number} count
   */
  nearestTo(x, y, count) {
    const distances = Array.from(this.scene.labels, (_, i) => {
      const [px, py] = this.pixel(i);
      return Math.hypot(px - x, py - y);
    });
    return distances
      .map((_, i) => i)
      .sort((i, j) => distances[i] - distances[j])
      .slice(0, count);
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    const step = DIRECTIONS[event.key];
    const grow = { "+": 2, "-": 0.5 }[event.key];
    if (!step && !grow && event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    if (step) this.walk(...step);
    if (grow) this.reach = Math.min(MOST_REACH, Math.max(1, this.reach * grow));
    if (!step) {
      const around = this.nearestTo(...this.pixel(this.current), this.reach).sort((i, j) => i - j);
      this.select(pickOf(around));
    }
  }

  /**
   * @param {number} dx
   * @param {number} dy
   */
  walk(dx, dy) {
    const [x, y] = this.pixel(this.current);
    let least = Infinity;
    let best = this.current;
    this.scene.labels.forEach((_, i) => {
      const [px, py] = this.pixel(i);
      const along = (px - x) * dx + (py - y) * dy;
      const off = Math.abs((px - x) * dy + (py - y) * dx);
      if (along <= 0.5 || along + 3 * off >= least) return;
      least = along + 3 * off;
      best = i;
    });
    this.current = best;
    this.reach = 1;
    this.showCurrent();
  }

  showCurrent() {
    const [cx, cy] = this.pixel(this.current);
    setAttributes(this.ring, { cx, cy, visibility: "visible" });
    const { words, classes, labels, a, b } = this.scene;
    const name = (/** @type {number} */ k) => classes[k] ?? words.none;
    const facts = {
      index: this.current,
      label: name(labels[this.current]),
      first: name(a.chosen[this.current]),
      second: name(b.chosen[this.current]),
      a: this.scene.sides[0].name,
      b: this.scene.sides[1].name,
    };
    this.spoken.textContent = fillTemplate(words.point, facts);
  }

  /**
   * @param {number} i
   * @returns {[number, number]}
   */
  pixel(i) {
    const { x, y } = this.sources[this.chosen].places(this.scene);
    return [EDGE + ((this.width - 2 * EDGE) * x[i]) / FULL, HEIGHT - EDGE - ((HEIGHT - 2 * EDGE) * y[i]) / FULL];
  }

  layout() {
    const scale = window.devicePixelRatio || 1;
    const width = this.canvas.clientWidth;
    this.width = width;
    this.colour = getComputedStyle(this.canvas).color;
    this.canvas.style.height = `${HEIGHT}px`;
    setAttributes(this.canvas, { width: Math.round(width * scale), height: Math.round(HEIGHT * scale) });
    setAttributes(this.over, { viewBox: `0 0 ${width} ${HEIGHT}` });
    this.ring.setAttribute("visibility", "hidden");
  }

  /** @param {Scene} scene */
  paint(scene) {
    this.scene = scene;
    this.paintAll();
  }

  /** How each group is drawn: colour, path, and whether it is filled. */
  looks() {
    const [first, second] = this.scene.sides.map(({ style }) => style);
    const text = this.colour;
    return [
      { colour: text, path: DOT, filled: true, weight: 0.45 },
      { colour: first.colour, path: first.marker, filled: true, weight: 1 },
      { colour: second.colour, path: second.marker, filled: true, weight: 1 },
      { colour: text, path: CROSS, filled: false, weight: 1 },
      { colour: text, path: PLUS, filled: false, weight: 1 },
    ];
  }

  paintAll() {
    const { labels, groups, mask } = this.scene;
    const pen = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
    const scale = window.devicePixelRatio || 1;
    const looks = this.looks();
    const paths = looks.map(({ path }) => new window.Path2D(`M0 0${path}`));
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, this.width, HEIGHT);
    // Many below, few above, and what is selected on top.
    const order = [0, 4, 3, 1, 2];
    for (const selected of mask ? [0, 1] : [1]) {
      for (const group of order) {
        const { colour, filled, weight } = looks[group];
        pen.fillStyle = colour;
        pen.strokeStyle = colour;
        pen.lineWidth = selected && mask ? 2 : 1.4;
        pen.globalAlpha = mask ? (selected ? 1 : 0.12) : weight;
        for (let i = 0; i < labels.length; i += 1) {
          if (groups[i] !== group || (mask && mask[i] !== selected)) continue;
          const [x, y] = this.pixel(i);
          pen.setTransform(scale, 0, 0, scale, x * scale, y * scale);
          if (filled) pen.fill(paths[group]);
          else pen.stroke(paths[group]);
          if (selected && mask) pen.stroke(paths[group]);
        }
      }
    }
    this.drawLegend(looks);
    if (this.ring.getAttribute("visibility") === "visible") this.showCurrent();
  }

  /** @param {ReturnType<Embedding["looks"]>} looks */
  drawLegend(looks) {
    this.legend.replaceChildren(
      ...looks.map(({ colour, path, filled }, group) => {
        const style = filled ? `fill:${colour}` : `fill:none;stroke:${colour};stroke-width:1.6`;
        const sign = svg("path", { d: `M7 7${path}`, style });
        const icon = svg("svg", { width: 14, height: 14, "aria-hidden": true }, sign);
        return html("span", { "data-testid": `legend-${GROUPS[group]}` }, icon, groupName(this.scene, group));
      }),
    );
  }
}

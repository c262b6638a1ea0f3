/** A drawing as the list of what was done to it, so that each can be undone, and its picture. */

/** @import { Picture, Preparation } from "./preparation.js" */

/**
 * @typedef {{ kind: "image", image: Uint8Array }
 *   | { kind: "stroke", points: [number, number][], colour: string, width: number }
 *   | { kind: "cell", row: number, column: number, colour: string }
 *   | { kind: "clear" }} Deed
 */

const SMALLEST_SIDE = 256;

/**
 * @param {number} level 0..255
 * @returns {string}
 */
const greyOf = (level) => `rgb(${level} ${level} ${level})`;

export class Drawing {
  /** @type {Deed[]} */
  deeds = [];
  /** @type {Preparation} */
  preparation;
  side = SMALLEST_SIDE;

  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
  }

  /** @param {Preparation} preparation of another dataset: an empty sheet of its size */
  layOut(preparation) {
    this.preparation = preparation;
    const field = preparation.block * preparation.shape[1];
    // A whole number of its pixels for each of the image's, so that an image stands on the pad exactly as it is.
    this.side = field * Math.max(1, Math.round(SMALLEST_SIDE / field));
    this.canvas.width = this.side;
    this.canvas.height = this.side;
    this.deeds = [];
    this.redraw();
  }

  /** What came since the last sheet. */
  get present() {
    return this.deeds.slice(this.deeds.findLastIndex(({ kind }) => kind === "clear") + 1);
  }

  get isEmpty() {
    return !this.present.length;
  }

  /** Whether the picture stands where it belongs already, because it began as an image of the dataset. */
  get isFramed() {
    return this.present.some(({ kind }) => kind === "image");
  }

  /** @param {Deed} deed */
  add(deed) {
    this.deeds.push(deed);
    this.draw(deed);
  }

  /**
   * Lead the last stroke on.
   * @param {[number, number]} point in pixels of the pad
   */
  lead(point) {
    const stroke = this.deeds.at(-1);
    if (stroke?.kind !== "stroke") return;
    this.drawSegment(/** @type {[number, number]} */ (stroke.points.at(-1)), point, stroke);
    stroke.points.push(point);
  }

  undo() {
    this.deeds.pop();
    this.redraw();
  }

  redraw() {
    this.draw({ kind: "clear" });
    for (const deed of this.present) this.draw(deed);
  }

  /** @param {Deed} deed */
  draw(deed) {
    const { pen, side } = this;
    if (deed.kind === "clear") {
      pen.fillStyle = greyOf(this.preparation.ground);
      pen.fillRect(0, 0, side, side);
    } else if (deed.kind === "cell") {
      const [left, top, right, bottom] = this.cellEdges(deed.row, deed.column);
      pen.fillStyle = deed.colour;
      pen.fillRect(left, top, right - left, bottom - top);
    } else if (deed.kind === "stroke") {
      deed.points.forEach((point, i) => this.drawSegment(deed.points[Math.max(0, i - 1)], point, deed));
    } else {
      const [, height, width] = this.preparation.shape;
      const small = document.createElement("canvas");
      showImage(small, deed.image, this.preparation.shape);
      pen.imageSmoothingEnabled = false;
      pen.drawImage(small, 0, 0, width, height, 0, 0, side, side);
    }
  }

  /**
   * One piece of a stroke. Whole strokes are drawn piece by piece too, so that undoing what came later gives the very
   * same edges.
   * @param {[number, number]} from
   * @param {[number, number]} to
   * @param {{ colour: string, width: number }} stroke
   */
  drawSegment(from, to, { colour, width }) {
    const { pen } = this;
    pen.strokeStyle = colour;
    pen.lineWidth = width;
    pen.lineCap = "round";
    pen.beginPath();
    pen.moveTo(...from);
    pen.lineTo(...to);
    pen.stroke();
  }

  /**
   * @param {number} row
   * @param {number} column
   */
  cellEdges(row, column) {
    const at = (/** @type {number} */ place) => Math.round((place * this.side) / this.preparation.cells);
    return [at(column), at(row), at(column + 1), at(row + 1)];
  }

  /**
   * Whether most of a cell differs from the paper.
   * @param {number} row
   * @param {number} column
   */
  isFilled(row, column) {
    const [left, top, right, bottom] = this.cellEdges(row, column);
    const { data } = this.pen.getImageData(left, top, right - left, bottom - top);
    let filled = 0;
    for (let i = 0; i < data.length; i += 4) {
      filled += Number(Math.abs(data[i] - this.preparation.ground) > 127 || data[i] !== data[i + 1]);
    }
    return 2 * filled > data.length / 4;
  }

  /** @returns {Picture} */
  picture() {
    const { data } = this.pen.getImageData(0, 0, this.side, this.side);
    const wanted = this.preparation.way === "scaled" ? [0, 1, 2] : [0];
    const channels = wanted.map((offset) => {
      const channel = new Uint8ClampedArray(this.side ** 2);
      for (let i = 0, from = offset; i < channel.length; i += 1, from += 4) channel[i] = data[from];
      return channel;
    });
    return { side: this.side, channels };
  }
}

/**
 * Paint an image into a canvas of its size.
 * @param {HTMLCanvasElement} canvas
 * @param {Uint8Array} image channels · height · width
 * @param {[number, number, number]} shape
 */
export function showImage(canvas, image, [channels, height, width]) {
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const area = height * width;
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const pixels = pen.createImageData(width, height);
  for (let i = 0; i < area; i += 1) {
    for (let c = 0; c < 3; c += 1) pixels.data[4 * i + c] = image[channels > 1 ? c * area + i : i];
    pixels.data[4 * i + 3] = 255;
  }
  pen.putImageData(pixels, 0, 0);
}

/** What a person takes away: points as CSV, a drawing as PNG or SVG. */

import { html, setAttributes, svg } from "./dom.js";

/**
 * How a role is drawn, as `RoleStyle.as_data` in Python tells it.
 * @typedef {object} RoleStyle
 * @property {string} colour
 * @property {string} dash
 * @property {string} marker
 * @property {string} pattern
 */

/**
 * What stands around a drawing in its picture; the series are its legend.
 * @typedef {object} Caption
 * @property {string} title
 * @property {string} subtitle
 * @property {string} y_title
 * @property {{ name: string, style: RoleStyle }[]} series
 * @property {string} file
 */

/** @typedef {(chart: SVGSVGElement, caption: Caption, labelled: boolean) => void | Promise<void>} SavePicture */

const COPIED_STYLES = [
  "fill",
  "fill-opacity",
  "stroke",
  "stroke-width",
  "stroke-opacity",
  "stroke-dasharray",
  "stroke-linecap",
  "stroke-linejoin",
  "paint-order",
  "opacity",
  "visibility",
  "font-size",
  "font-family",
  "font-weight",
];

/**
 * @param {Blob} blob
 * @param {string} filename
 */
function saveFile(blob, filename) {
  const link = html("a", { href: URL.createObjectURL(blob), download: filename });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

/** @param {string} name */
export function quoteCell(name) {
  // A spreadsheet takes =, +, - and @ at the start for a formula.
  return `"${name.replace(/^[=+\-@\t\r]/, "'$&").replaceAll('"', '""')}"`;
}

/**
 * @param {string[]} lines of which the first is the head
 * @param {string} filename
 */
export function downloadCsv(lines, filename) {
  // The byte order mark lets Excel read Chinese names.
  saveFile(new Blob([`\ufeff${lines.join("\n")}\n`], { type: "text/csv" }), filename);
}

/**
 * The drawing as it stands by itself: outside the page there are neither its style sheets nor its variables.
 * @param {SVGSVGElement} chart
 */
function standingCopy(chart) {
  const copy = /** @type {SVGSVGElement} */ (chart.cloneNode(true));
  const originals = [chart, ...chart.querySelectorAll("*")];
  [copy, .../** @type {NodeListOf<SVGElement>} */ (copy.querySelectorAll("*"))].forEach((node, i) => {
    const style = getComputedStyle(originals[i]);
    for (const name of COPIED_STYLES) node.style.setProperty(name, style.getPropertyValue(name));
  });
  return copy;
}

/**
 * The drawing without its text, as an image: there are no web fonts in one.
 * @param {SVGSVGElement} chart
 */
async function imageOf(chart) {
  const copy = standingCopy(chart);
  copy.querySelectorAll("text").forEach((node) => node.remove());
  const image = new Image();
  image.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(new XMLSerializer().serializeToString(copy));
  await image.decode();
  return image;
}

/** @param {boolean} labelled how high what stands above a drawing is */
const headHeight = (labelled) => (labelled ? 74 : 94);

/**
 * The drawing with its caption as one file that every drawing program opens: letters stay letters.
 * @param {SVGSVGElement} chart
 * @param {Caption} caption
 * @param {boolean} labelled whether the chart names its series itself, so that the picture needs no legend
 */
export function downloadSvg(chart, { title, subtitle, y_title, series, file }, labelled) {
  const drawn = chart.viewBox.baseVal;
  const theme = getComputedStyle(chart);
  const head = headHeight(labelled);
  const pen = /** @type {CanvasRenderingContext2D} */ (document.createElement("canvas").getContext("2d"));
  const widthOf = (/** @type {string} */ words, /** @type {string} */ font) => {
    pen.font = `${font} ${theme.fontFamily}`;
    return pen.measureText(words).width;
  };
  const widest = Math.max(widthOf(title, "600 16px"), widthOf(subtitle, "13px"));
  const width = Math.max(drawn.width, Math.ceil(widest) + 16);
  const height = drawn.height;
  /** @type {(text: string, x: number, y: number, size: number, weight?: number) => SVGTextElement} */
  const text = (words, x, y, size, weight = 400) =>
    svg("text", { x, y, fill: theme.color, "font-size": size, "font-weight": weight }, words);
  const size = { width, height: height + head };
  const picture = svg("svg", { ...size, viewBox: `0 0 ${width} ${height + head}`, role: "img" });
  picture.setAttribute("font-family", `${theme.fontFamily}, sans-serif`);
  picture.append(svg("title", {}, [title, subtitle].filter(Boolean).join(" · ")));
  picture.append(svg("rect", { ...size, fill: theme.getPropertyValue("--st-background-color") || "#fff" }));
  picture.append(text(title, 8, 22, 16, 600), text(subtitle, 8, 42, 13), text(y_title, 8, head - 8, 12));
  let x = 8;
  for (const { name, style } of labelled ? [] : series) {
    picture.append(svg("rect", { x, y: 58, width: 10, height: 10, fill: style.colour }), text(name, x + 15, 67, 12));
    x += 30 + widthOf(name, "12px");
  }
  picture.append(setAttributes(standingCopy(chart), { x: 0, y: head, width: drawn.width, height }));
  const source = new XMLSerializer().serializeToString(picture);
  saveFile(new Blob([source], { type: "image/svg+xml" }), `${file}.svg`);
}

/**
 * @param {SVGSVGElement} chart
 * @param {Caption} caption
 * @param {boolean} labelled whether the chart names its series itself, so that the picture needs no legend
 */
export async function downloadPng(chart, { title, subtitle, y_title, series, file }, labelled) {
  const image = await imageOf(chart);
  const { width, height } = chart.viewBox.baseVal;
  const theme = getComputedStyle(chart);
  const head = headHeight(labelled);
  const canvas = setAttributes(document.createElement("canvas"), { width: 2 * width, height: 2 * (height + head) });
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  /** @type {(text: string, x: number, y: number, font: string) => number} */
  const write = (text, x, y, font) => {
    pen.font = `${font} ${theme.fontFamily}`;
    pen.fillText(text, x, y);
    return pen.measureText(text).width;
  };
  pen.scale(2, 2);
  pen.fillStyle = theme.getPropertyValue("--st-background-color");
  pen.fillRect(0, 0, width, height + head);
  pen.fillStyle = theme.color;
  write(title, 8, 22, "600 16px");
  write(subtitle, 8, 42, "13px");
  write(y_title, 8, head - 8, "12px");
  let x = 8;
  for (const { name, style } of labelled ? [] : series) {
    pen.fillStyle = style.colour;
    pen.fillRect(x, 58, 10, 10);
    pen.fillStyle = theme.color;
    x += 30 + write(name, x + 15, 67, "12px");
  }
  pen.drawImage(image, 0, head, width, height);
  pen.fillStyle = theme.color;
  for (const node of chart.querySelectorAll("text:not([visibility=hidden])")) {
    const anchor = node.getAttribute("text-anchor");
    pen.textAlign = anchor === "middle" ? "center" : anchor === "end" ? "right" : "left";
    const [left, top] = [Number(node.getAttribute("x")), Number(node.getAttribute("y"))];
    write(node.textContent ?? "", left, head + top, getComputedStyle(node).fontSize);
  }
  canvas.toBlob((blob) => blob && saveFile(blob, `${file}.png`));
}

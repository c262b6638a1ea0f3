/** The bars to take away: probabilities at the temperature in sight as CSV, the drawing as PNG or SVG. */

import { html, makeButton, setAttributes } from "../shared/dom.js";
import { downloadCsv, downloadPng, downloadSvg, quoteCell } from "../shared/download.js";
import { formatTemperature } from "./temperature_control.js";

/** @import { SavePicture } from "../shared/download.js" */
/** @import { BarChart } from "./chart.js" */

export class BarDownloads {
  /** @param {BarChart} bars */
  constructor(bars) {
    /** @type {(kind: string, onclick: () => void) => HTMLButtonElement} */
    const button = (kind, onclick) => makeButton({ "data-testid": `bars-${kind}` }, onclick);
    this.buttons = {
      csv: button("csv", () => saveCsv(bars)),
      png: button("png", () => savePicture(bars, downloadPng)),
      svg: button("svg", () => savePicture(bars, downloadSvg)),
    };
    this.root = html("div", { class: "tools" }, ...Object.values(this.buttons));
  }

  /** @param {Record<string, string>} words */
  describe(words) {
    for (const [kind, button] of Object.entries(this.buttons)) button.textContent = words[kind];
  }
}

/** @param {BarChart} bars */
function saveCsv({ data: { classes, hard_label, arms, words, file }, logs, T }) {
  const labelled = hard_label !== null;
  const head = [words.class, ...(labelled ? [words.hard_label] : []), ...arms.map((arm) => arm.name)];
  const lines = classes.map((name, i) => {
    const label = labelled ? [Number(i === hard_label)] : [];
    return [quoteCell(name), ...label, ...logs.map((log) => Math.exp(log[i]))].join(",");
  });
  downloadCsv([head.map(quoteCell).join(","), ...lines], `${file}-T-${T}.csv`);
}

/**
 * @param {BarChart} bars
 * @param {SavePicture} save
 */
function savePicture({ data: { arms, words, file, picture_alt }, chart, T, axis }, save) {
  setAttributes(chart, { viewBox: `0 0 ${chart.getAttribute("width")} ${chart.getAttribute("height")}` });
  const subtitle = `T = ${formatTemperature(T)}, ${words[axis]}`;
  save(chart, { title: picture_alt, subtitle, y_title: words.probability, series: arms, file }, false);
}

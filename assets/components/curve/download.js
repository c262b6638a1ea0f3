/** The curve to take away: every point as CSV, the drawing as PNG or SVG. */

import { downloadCsv, downloadPng, downloadSvg, quoteCell } from "../shared/download.js";

/** @import { CurveChart, CurveData } from "./chart.js" */

/**
 * @param {CurveChart} curve
 * @param {(name: string, onclick: () => void) => HTMLButtonElement} button
 */
export function makeDownloads(curve, button) {
  return {
    csv: button("csv", () => saveCsv(curve.data)),
    png: button("png", () => downloadPng(curve.chart, curve.data, curve.wide)),
    svg: button("svg", () => downloadSvg(curve.chart, curve.data, curve.wide)),
  };
}

/** @param {CurveData} data */
function saveCsv({ series, file }) {
  const lines = series.flatMap(({ name, x, y, low, high }) =>
    x.map((value, i) => [quoteCell(name), value, y[i], low?.[i], high?.[i]].map((cell) => cell ?? "").join(",")),
  );
  downloadCsv(["series,x,y,low,high", ...lines], `${file}.csv`);
}

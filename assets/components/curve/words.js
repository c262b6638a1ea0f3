/** What a curve says without a picture: a sentence for whoever does not see it. */

import { fillTemplate } from "../shared/dom.js";

/** @import { CurveChart } from "./chart.js" */

/** @param {CurveChart} curve */
export function describe(curve) {
  const { words, series, marks, title, x_title, x_range } = curve.data;
  const happened = marks.map((mark) => fillTemplate(words.mark, { x_title, ...mark }));
  const ends = series
    .filter((line) => line.x.length)
    .map(({ name, x, y }) =>
      fillTemplate(words.summary_series, { name, y: curve.format(y.at(-1)), x_title, x: x.at(-1) }),
    );
  const whole = fillTemplate(words.summary, { title, x_title, from: x_range[0], to: x_range[1] });
  return [whole, ...ends, ...happened, words.help].join(" ");
}

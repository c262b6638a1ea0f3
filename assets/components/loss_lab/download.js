/** The loss lab to take away: a row for each class as CSV, and what stands beside the drawing as PNG or SVG. */

import { downloadCsv, quoteCell } from "../shared/download.js";

/** @import { LossLab } from "./lab.js" */

export const TERMS = ["labels", "teacher", "total"];

/**
 * @param {Record<string, string>} words
 * @returns {[string, ...string[]]}
 */
export function columns(words) {
  const gradients = TERMS.map((term) => `${words.gradient}: ${words[`term_${term}`]}`);
  const both = [words.logit_teacher, words.logit_student, words.p_teacher, words.p_student];
  return [words.class, ...both, ...gradients, words.limit];
}

/** @param {LossLab} lab */
export function saveCsv({ data: { classes, words }, terms, teacher, student, id, controls }) {
  const { p, q, labels, total, limit } = terms;
  const numbers = [teacher, student, p, q, labels.gradient, terms.teacher.gradient, total, limit];
  const lines = classes.map((name, k) => [quoteCell(name), ...numbers.map((values) => values[k])].join(","));
  downloadCsv([columns(words).map(quoteCell).join(","), ...lines], `${id}-T-${controls.form.temperature}.csv`);
}

/** @param {LossLab} lab */
export function caption({ data: { styles, words, picture_alt }, formula, id }) {
  const series = TERMS.map((term) => ({ name: words[`term_${term}`], style: styles[/** @type {"total"} */ (term)] }));
  return { title: picture_alt, subtitle: formula.textContent ?? "", y_title: "", series, file: id };
}

/** What the loss lab says in words and figures: the loss with its numbers, and what is easily got wrong. */

import { formatFixed } from "../bars/numbers.js";
import { fillTemplate } from "../shared/dom.js";
import { shortNumber } from "./controls.js";

/** @import { LossControls } from "./controls.js" */
/** @import { LossForm, LossTerms } from "./maths.js" */

/**
 * The loss with its numbers, factor by factor.
 *
 * @param {LossForm} form
 * @param {LossTerms} terms
 * @param {number} count of classes
 */
export function writtenLoss(form, { labels, teacher, loss }, count) {
  const matched = form.divergence === "logit_mse";
  const squared = form.scale_by_t2 && !matched ? ` · ${shortNumber(form.temperature)}²` : "";
  const averaged = form.mean_over_classes && !matched ? ` / ${count}` : "";
  const first = `${shortNumber(labels.factor)} · ${formatFixed(labels.value, 3)}`;
  const second = `${shortNumber(form.teacher_weight)}${squared} · ${formatFixed(teacher.value, 4)}${averaged}`;
  return `L = ${first} + ${second} = ${formatFixed(loss, 4)}`;
}

/**
 * What is easily got wrong with these settings.
 *
 * @param {Record<string, string>} words
 * @param {LossControls} controls
 * @param {number | null} label
 * @param {number} count of classes
 * @returns {string[]}
 */
export function warnings(words, { form, convention }, label, count) {
  const matched = form.divergence === "logit_mse";
  const facts = {
    K: count,
    T: shortNumber(form.temperature),
    T2: shortNumber(form.temperature ** 2),
    alpha: shortNumber(Number((1 - form.teacher_weight).toFixed(4))),
    rest: shortNumber(form.teacher_weight),
  };
  const texts = [];
  if (form.mean_over_classes && !matched) texts.push(words.warn_mean);
  if (!form.scale_by_t2 && !matched && form.temperature !== 1) texts.push(words.warn_t2);
  if (form.label_weight === null && convention === "labels") texts.push(words.warn_alpha);
  if (label === null) texts.push(words.warn_no_label);
  return texts.map((text) => fillTemplate(text, facts));
}

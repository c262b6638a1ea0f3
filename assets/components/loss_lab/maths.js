/** The terms of a loss on one image's logits: values and gradients in closed form, as `kd_core.logit_losses` has them. */

import { logSoftmax } from "../shared/softmax.js";

/**
 * @typedef {object} LossForm
 * @property {"forward" | "reverse" | "jensen_shannon" | "skew_forward" | "skew_reverse" | "logit_mse"} divergence
 * @property {number} temperature
 * @property {number} teacher_weight
 * @property {number | null} label_weight null: what the teacher's leaves of 1
 * @property {boolean} scale_by_t2
 * @property {boolean} mean_over_classes
 * @property {number} beta
 * @property {number} alpha
 */

/** @typedef {{ value: number, factor: number, gradient: number[] }} LossTerm the gradient is of factor x value */

/**
 * @typedef {object} LossTerms
 * @property {LossTerm} labels
 * @property {LossTerm} teacher
 * @property {number[]} total the gradient of the whole loss
 * @property {number} loss
 * @property {number[]} limit what the teacher's gradient tends to at high temperature
 * @property {number[]} p the teacher's softened probabilities
 * @property {number[]} q the student's
 */

/** @param {LossForm} form */
export const weightOfLabels = (form) => form.label_weight ?? 1 - form.teacher_weight;

/**
 * @param {LossForm} form
 * @param {number} classes
 */
export function teacherFactor(form, classes) {
  if (form.divergence === "logit_mse") return form.teacher_weight;
  const scaled = form.teacher_weight * (form.scale_by_t2 ? form.temperature ** 2 : 1);
  return form.mean_over_classes ? scaled / classes : scaled;
}

/** @param {number[]} values */
export const lengthOf = (values) => Math.hypot(...values);

/**
 * @param {number[]} values
 * @param {number} factor
 */
const times = (values, factor) => values.map((value) => factor * value);

/** @param {number[]} values */
const sumOf = (values) => values.reduce((sum, value) => sum + value, 0);

/**
 * ln(share p + (1 - share) q) of two log-probabilities.
 * @param {number} first
 * @param {number} second
 * @param {number} share
 */
function logMixture(first, second, share) {
  const [a, b] = [first + Math.log(share), second + Math.log1p(-share)];
  const top = Math.max(a, b);
  return top + Math.log(Math.exp(a - top) + Math.exp(b - top));
}

/**
 * A divergence in nats and its derivative by the student's probabilities.
 * @param {LossForm} form
 * @param {number[]} logP
 * @param {number[]} logQ
 * @returns {[number, number[]]}
 */
function valueAndSlope(form, logP, logQ) {
  const [p, q] = [logP.map(Math.exp), logQ.map(Math.exp)];
  const classes = logQ.map((_, k) => k);
  if (form.divergence === "forward") {
    return [sumOf(classes.map((k) => p[k] * (logP[k] - logQ[k]))), classes.map((k) => -Math.exp(logP[k] - logQ[k]))];
  }
  if (form.divergence === "reverse") {
    const ratio = classes.map((k) => logQ[k] - logP[k]);
    return [sumOf(classes.map((k) => q[k] * ratio[k])), ratio];
  }
  if (form.divergence === "jensen_shannon") {
    const logM = classes.map((k) => logMixture(logP[k], logQ[k], form.beta));
    const fromTeacher = sumOf(classes.map((k) => p[k] * (logP[k] - logM[k])));
    const ratio = classes.map((k) => logQ[k] - logM[k]);
    const fromStudent = sumOf(classes.map((k) => q[k] * ratio[k]));
    return [form.beta * fromTeacher + (1 - form.beta) * fromStudent, times(ratio, 1 - form.beta)];
  }
  if (form.divergence === "skew_forward") {
    const ratio = classes.map((k) => logP[k] - logMixture(logP[k], logQ[k], form.alpha));
    return [sumOf(classes.map((k) => p[k] * ratio[k])), ratio.map((r) => -(1 - form.alpha) * Math.exp(r))];
  }
  const ratio = classes.map((k) => logQ[k] - logMixture(logQ[k], logP[k], form.alpha));
  return [sumOf(classes.map((k) => q[k] * ratio[k])), ratio.map((r) => r - form.alpha * Math.exp(r))];
}

/**
 * @param {LossForm} form
 * @param {number[]} teacher logits
 * @param {number[]} student logits
 * @param {number[]} logP
 * @param {number[]} logQ
 * @returns {LossTerm}
 */
function teacherTerm(form, teacher, student, logP, logQ) {
  const factor = teacherFactor(form, student.length);
  if (form.divergence === "logit_mse") {
    const apart = student.map((z, k) => z - teacher[k]);
    const value = sumOf(apart.map((d) => d * d)) / apart.length;
    return { value, factor, gradient: times(apart, (2 * factor) / apart.length) };
  }
  const T = form.temperature;
  const [value, slope] = valueAndSlope(form, logP, logQ);
  const q = logQ.map(Math.exp);
  if (form.divergence === "forward") {
    // The same as through the softmax, without dividing by a probability that may be 0.
    return { value, factor, gradient: q.map((share, k) => ((share - Math.exp(logP[k])) * factor) / T) };
  }
  const mean = sumOf(q.map((share, k) => share * slope[k]));
  return { value, factor, gradient: q.map((share, k) => (factor * share * (slope[k] - mean)) / T) };
}

/**
 * @param {LossForm} form
 * @param {number[]} student logits
 * @param {number | null} label
 * @returns {LossTerm}
 */
function labelTerm(form, student, label) {
  const factor = weightOfLabels(form);
  if (label === null) return { value: 0, factor, gradient: student.map(() => 0) };
  const logs = logSoftmax(student, 1);
  return {
    value: -logs[label],
    factor,
    gradient: logs.map((log, k) => factor * (Math.exp(log) - Number(k === label))),
  };
}

/**
 * @param {LossForm} form
 * @param {number[]} teacher logits
 * @param {number[]} student logits
 */
function limitOf(form, teacher, student) {
  const K = student.length;
  const apart = student.map((z, k) => z - teacher[k]);
  if (form.divergence === "logit_mse") return times(apart, (2 * form.teacher_weight) / K);
  const mean = sumOf(apart) / K;
  const skewed = form.divergence.startsWith("skew") ? (1 - form.alpha) ** 2 : 1;
  const share = form.divergence === "jensen_shannon" ? form.beta * (1 - form.beta) : skewed;
  return apart.map((d) => (teacherFactor(form, K) * share * (d - mean)) / (K * form.temperature ** 2));
}

/**
 * @param {LossForm} form
 * @param {number[]} teacher logits
 * @param {number[]} student logits
 * @param {number | null} label null where there is none
 * @returns {LossTerms}
 */
export function lossTerms(form, teacher, student, label) {
  const [logP, logQ] = [logSoftmax(teacher, form.temperature), logSoftmax(student, form.temperature)];
  const fromLabels = labelTerm(form, student, label);
  const fromTeacher = teacherTerm(form, teacher, student, logP, logQ);
  return {
    labels: fromLabels,
    teacher: fromTeacher,
    total: fromLabels.gradient.map((slope, k) => slope + fromTeacher.gradient[k]),
    loss: fromLabels.factor * fromLabels.value + fromTeacher.factor * fromTeacher.value,
    limit: limitOf(form, teacher, student),
    p: logP.map(Math.exp),
    q: logQ.map(Math.exp),
  };
}

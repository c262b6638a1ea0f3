/** The loss lab: settings, the loss in figures, and the rows of arrows; all computed here. */

import { drawnClasses } from "../bars/classes.js";
import { formatFixed } from "../bars/numbers.js";
import { fillTemplate, headRow, html, makeButton, setAttributes, tableRow } from "../shared/dom.js";
import { downloadPng, downloadSvg } from "../shared/download.js";
import { LossChart } from "./chart.js";
import { LossControls, shortNumber } from "./controls.js";
import { caption, columns, saveCsv, TERMS } from "./download.js";
import { lengthOf, lossTerms } from "./maths.js";
import { warnings, writtenLoss } from "./sentences.js";
import { arrowSwatch, barSwatch, limitSwatch } from "./swatches.js";

/** @import { LabStyles } from "./chart.js" */
/** @import { Convention, Ranges } from "./controls.js" */
/** @import { LossForm, LossTerms } from "./maths.js" */

/**
 * What `loss_lab` in Python sends.
 * @typedef {object} LabData
 * @property {string} id
 * @property {string[]} classes
 * @property {number[]} teacher logits
 * @property {number[]} student logits
 * @property {number | null} label
 * @property {LossForm} form
 * @property {LossForm} reset_form
 * @property {Convention} convention
 * @property {Ranges} ranges
 * @property {boolean} draggable
 * @property {string | null} picture
 * @property {string} picture_alt
 * @property {LabStyles} styles
 * @property {Record<string, string>} words
 * @property {boolean} report whether Python wants to hear of the form
 */

/** @typedef {(name: string, value: unknown) => void} SetState */

const STEP = 1;
const FRAME_STEP = 0.1;
const AT_REST = 2e-3;
const ECHO_MILLISECONDS = 5000;

/** @param {number} value */
const signed = (value) => (value < 0 ? "−" : "+") + formatFixed(Math.abs(value), 3);

export class LossLab {
  /** @type {LabData} */
  data;
  /** @type {SetState} */
  setState;
  /** @type {LossChart} */
  chart;
  /** @type {LossTerms} */
  terms;
  /** @type {number[]} */
  teacher = [];
  /** @type {number[]} */
  student = [];
  /** @type {number | null} */
  label = null;
  /** @type {string} what Python gave last */
  given = "";
  /** @type {{ text: string, at: number }[]} what was reported of late: its echo must not move a control back */
  sent = [];
  shape = "";
  width = 0;
  playing = false;
  moving = false;
  /** @type {Record<string, HTMLElement[]>} */
  facts = {};
  /** @type {HTMLElement[][]} */
  cells = [];

  /**
   * @param {Node & ParentNode} parent
   * @param {string} id
   */
  constructor(parent, id) {
    this.id = id;
    this.controls = new LossControls(id, {
      onMove: () => {
        this.moving = true;
        this.controls.show();
        this.paint();
      },
      onRelease: () => this.release(),
    });
    this.picture = html("img", { class: "picture" });
    this.formula = html("p", { class: "formula", "data-testid": `${id}-formula` });
    this.message = html("p", { class: "message", role: "status", "data-testid": `${id}-message` });
    this.legend = html("div", { class: "legend" });
    this.some = html("p", { class: "some" });
    this.plot = html("div", { class: "plot" });
    this.factTable = html("table", { class: "facts" });
    this.table = html("table", { class: "rows" });
    this.summary = html("summary");
    this.moves = html("div", { class: "tools" });
    const button = (/** @type {string} */ kind, /** @type {() => void} */ press) =>
      makeButton({ "data-testid": `${id}-${kind}` }, press);
    this.labelSelect = html("select", { id: `${id}-label`, "data-testid": `${id}-label` });
    this.labelName = html("label", { for: `${id}-label` });
    this.stepButton = button("step", () => this.step(STEP));
    this.playButton = button("play", () => this.play());
    this.againButton = button("again", () => this.takeLogits());
    this.moves.append(this.labelName, this.labelSelect, this.stepButton, this.playButton, this.againButton);
    this.csvButton = button("csv", () => saveCsv(this));
    this.pngButton = button("png", () => downloadPng(this.chart.root, caption(this), false));
    this.svgButton = button("svg", () => downloadSvg(this.chart.root, caption(this), false));
    this.labelSelect.onchange = () => {
      this.label = Number(this.labelSelect.value);
      this.layout();
    };
    this.mount(parent);
  }

  /** @param {Node & ParentNode} parent */
  mount(parent) {
    const details = html("details", {}, this.summary, html("div", { class: "scroll", tabindex: 0 }, this.table));
    const figures = html(
      "div",
      { class: "figures" },
      this.picture,
      html("div", { class: "numbers" }, this.formula, this.factTable),
    );
    const tools = html("div", { class: "tools" }, this.csvButton, this.pngButton, this.svgButton);
    const parts = [
      this.controls.root,
      figures,
      this.message,
      this.moves,
      this.legend,
      this.some,
      this.plot,
      tools,
      details,
    ];
    parent.append(html("div", { class: "lab" }, ...parts));
    new ResizeObserver(() => {
      if (this.plot.clientWidth !== this.width) this.layout();
    }).observe(this.plot);
  }

  /**
   * @param {LabData} data
   * @param {SetState} setState
   */
  update(data, setState) {
    const logits = JSON.stringify([data.teacher, data.student, data.label]);
    const changed = !this.data || logits !== JSON.stringify([this.data.teacher, this.data.student, this.data.label]);
    this.data = data;
    this.setState = setState;
    this.followPython(data);
    if (changed) [this.teacher, this.student, this.label] = [[...data.teacher], [...data.student], data.label];
    const shape = JSON.stringify([
      data.words,
      data.classes,
      data.ranges,
      data.reset_form,
      data.draggable,
      data.picture,
      logits,
    ]);
    if (shape !== this.shape) {
      this.shape = shape;
      this.describe();
      this.layout();
    } else {
      this.rest();
    }
  }

  /**
   * Take over Python's form only where Python itself changed it, and not under the hand.
   * @param {LabData} data
   */
  followPython({ form, convention }) {
    const now = JSON.stringify([form, convention]);
    if (now === this.given) return;
    this.given = now;
    this.sent = this.sent.filter(({ at }) => Date.now() - at < ECHO_MILLISECONDS);
    if (this.controls.form && (this.controls.held || this.sent.some(({ text }) => text === now))) return;
    this.controls.form = { ...form };
    this.controls.convention = convention;
  }

  release() {
    this.rest();
    if (!this.data.report) return;
    const { form, convention } = this.controls;
    this.sent.push({ text: JSON.stringify([form, convention]), at: Date.now() });
    this.setState("choice", { form, convention });
  }

  describe() {
    const { words, classes, ranges, reset_form, draggable, picture, picture_alt, styles } = this.data;
    this.controls.describe(words, ranges, reset_form);
    this.picture.hidden = !picture;
    if (picture) setAttributes(this.picture, { src: picture, alt: picture_alt });
    this.moves.hidden = !draggable;
    this.labelName.textContent = words.label;
    this.labelSelect.replaceChildren(...classes.map((name, k) => html("option", { value: k }, name)));
    for (const kind of /** @type {const} */ (["step", "play", "again", "csv", "png", "svg"])) {
      this[`${kind}Button`].textContent = words[kind];
    }
    this.summary.textContent = words.table;
    this.facts = Object.fromEntries(
      TERMS.map((term) => [
        term,
        ["value", "factor", "weighted", "length", "share"].map((what) =>
          html("span", { "data-testid": `${this.id}-${what}-${term}` }),
        ),
      ]),
    );
    this.factTable.replaceChildren(
      headRow("", words.value, words.factor, words.weighted, words.length, words.share),
      ...TERMS.map((term) =>
        tableRow(arrowSwatch(styles[/** @type {"total"} */ (term)], term, words[`term_${term}`]), ...this.facts[term]),
      ),
    );
    this.cells = classes.map(() => Array.from({ length: 8 }, () => html("span")));
    this.table.replaceChildren(
      headRow(...columns(words)),
      ...classes.map((name, k) => tableRow(name, ...this.cells[k])),
    );
    this.legend.replaceChildren(
      barSwatch(styles.teacher, words.p_teacher),
      barSwatch(styles.student, words.p_student),
      limitSwatch(styles.limit, words.limit),
    );
  }

  layout() {
    this.width = this.plot.clientWidth;
    if (!this.width || !this.controls.form) return;
    const { classes, draggable, styles, words } = this.data;
    const drawn = drawnClasses([this.teacher, this.student], 0, this.label, classes.length);
    this.some.hidden = drawn.length === classes.length;
    this.some.textContent = fillTemplate(words.some, { n: drawn.length, K: classes.length });
    const focused = this.chart?.handles.findIndex(({ root }) => root.matches(":focus")) ?? -1;
    this.chart = new LossChart({
      id: this.id,
      names: classes,
      drawn,
      label: this.label,
      draggable,
      styles,
      words,
      width: this.width,
      onMove: (who, index, value) => {
        (who === "teacher" ? this.teacher : this.student)[index] = value;
        this.moving = true;
        this.paint();
      },
      onRelease: () => this.rest(),
    });
    this.plot.replaceChildren(this.chart.root);
    this.chart.handles[focused]?.root.focus();
    this.rest();
  }

  rest() {
    this.moving = false;
    if (this.controls.form) this.controls.show();
    this.paint();
    this.settle();
  }

  paint() {
    if (!this.chart) return;
    this.terms = lossTerms(this.controls.form, this.teacher, this.student, this.label);
    this.chart.paint(this.terms, this.teacher, this.student, !this.moving);
    this.paintFacts();
  }

  paintFacts() {
    const { labels, teacher, total, loss } = this.terms;
    const lengths = { labels: lengthOf(labels.gradient), teacher: lengthOf(teacher.gradient) };
    const both = lengths.labels + lengths.teacher;
    for (const name of /** @type {const} */ (["labels", "teacher"])) {
      const { value, factor } = this.terms[name];
      const share = both ? lengths[name] / both : 0;
      this.showFacts(name, [
        formatFixed(value, 4),
        shortNumber(factor),
        formatFixed(factor * value, 4),
        formatFixed(lengths[name], 4),
        `${(100 * share).toFixed(0)} %`,
      ]);
    }
    this.showFacts("total", ["", "", formatFixed(loss, 4), formatFixed(lengthOf(total), 4), ""]);
    this.facts.total[2].setAttribute("data-value", String(loss));
    this.formula.textContent = writtenLoss(this.controls.form, this.terms, this.student.length);
  }

  /**
   * @param {string} term
   * @param {string[]} texts
   */
  showFacts(term, texts) {
    this.facts[term].forEach((cell, at) => {
      cell.textContent = texts[at];
    });
  }

  /** What only has to be right at rest: the spoken summary, the warnings and the table. */
  settle() {
    if (!this.chart) return;
    const { words, classes } = this.data;
    const { total, loss, p, q, labels, teacher, limit } = this.terms;
    const byPush = classes.map((_, k) => k).sort((i, j) => Math.abs(total[j]) - Math.abs(total[i]));
    const [first] = byPush;
    const facts = { loss: formatFixed(loss, 3), name: classes[first], push: signed(-total[first]) };
    this.chart.root.setAttribute("aria-label", fillTemplate(words.spoken, facts));
    this.message.textContent = warnings(words, this.controls, this.label, classes.length).join(" ");
    this.labelSelect.value = String(this.label);
    this.cells.forEach((cells, k) => {
      const values = [
        this.teacher[k],
        this.student[k],
        p[k],
        q[k],
        labels.gradient[k],
        teacher.gradient[k],
        total[k],
        limit[k],
      ];
      cells.forEach((cell, at) => {
        cell.textContent = values[at].toFixed(4);
      });
    });
  }

  /** @param {number} rate */
  step(rate) {
    this.student = this.student.map((z, k) => Math.max(-10, Math.min(10, z - rate * this.terms.total[k])));
    if (!this.playing) this.rest();
  }

  play() {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
      for (let n = 0; n < 60; n += 1) {
        this.step(FRAME_STEP);
        this.paint();
      }
      return;
    }
    this.playing = !this.playing;
    this.playButton.textContent = this.data.words[this.playing ? "pause" : "play"];
    if (this.playing) requestAnimationFrame(() => this.frame());
  }

  frame() {
    if (!this.playing) return this.rest();
    this.step(FRAME_STEP);
    this.moving = true;
    this.paint();
    if (lengthOf(this.terms.total) < AT_REST || !this.plot.isConnected) return this.play();
    requestAnimationFrame(() => this.frame());
  }

  takeLogits() {
    this.playing = false;
    this.playButton.textContent = this.data.words.play;
    [this.teacher, this.student, this.label] = [[...this.data.teacher], [...this.data.student], this.data.label];
    this.layout();
  }
}

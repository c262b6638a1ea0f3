/** Who is right: the images in groups, and how undecided the first network is in each. */

import { fillTemplate, setAttributes, svg } from "../shared/dom.js";
import { Choices } from "./choices.js";
import { BINS, GROUPS, entropyCounts } from "./counts.js";
import { FULL } from "./frames.js";
import { textAtPlace } from "./view.js";

/** @import { Choice } from "./choices.js" */
/** @import { Scene } from "./view.js" */

/** @typedef {{ whole: SVGRectElement, part: SVGRectElement, value: SVGTextElement, choice: Choice }} Row */

const GROUP_ROW = 46;
const ENTROPY_HEIGHT = 150;
const ENTROPY_LEFT = 34;

/**
 * @param {Scene} scene
 * @param {number} group
 * @returns {string} its colour: the network's that alone is right, else the text's
 */
function groupColour({ sides }, group) {
  return group === 1 || group === 2 ? sides[group - 1].style.colour : "var(--st-text-color)";
}

/**
 * @param {Scene} scene
 * @param {number} group
 */
export function groupName({ words, sides }, group) {
  return fillTemplate(words[`group_${GROUPS[group]}`], { a: sides[0].name, b: sides[1].name });
}

/**
 * @param {Uint8Array} groups
 * @param {Uint8Array | null} mask
 */
function countGroups(groups, mask) {
  const counts = GROUPS.map(() => 0);
  groups.forEach((group, i) => {
    if (group < GROUPS.length && (!mask || mask[i])) counts[group] += 1;
  });
  return counts;
}

export class Groups {
  /** @type {Row[]} */
  bars = [];
  length = 0;

  /** @param {(pick: string) => void} select */
  constructor(select) {
    this.choices = new Choices(select);
  }

  /**
   * @param {Scene} scene
   * @param {number} width
   * @param {SVGSVGElement} chart
   */
  layout(scene, width, chart) {
    this.length = width - 96;
    this.bars = GROUPS.map((name, group) => {
      const y = group * GROUP_ROW;
      const colour = groupColour(scene, group);
      const whole = svg("rect", { x: 2, y: y + 20, height: 18, rx: 2, style: `fill:${colour}`, class: "whole" });
      const part = svg("rect", { x: 2, y: y + 20, height: 18, rx: 2, style: `fill:${colour}` });
      const value = textAtPlace(0, y + 34, "start", "");
      const back = svg("rect", { x: 0, y: y + 1, width: width - 1, height: GROUP_ROW - 3, class: "back" });
      const node = svg("g", {}, back, textAtPlace(2, y + 14, "start", groupName(scene, group)), whole, part, value);
      const area = { x: 1, y: y + 1, width: width - 3, height: GROUP_ROW - 3 };
      return { whole, part, value, choice: { pick: `group:${name}`, node, area } };
    });
    this.choices.replace(
      "",
      this.bars.map(({ choice }) => choice),
    );
    chart.replaceChildren(this.choices.box, this.choices.ring);
    return GROUP_ROW * GROUPS.length + 2;
  }

  /** @param {Scene} scene */
  paint(scene) {
    const { groups, mask, words } = scene;
    const whole = countGroups(groups, null);
    const part = countGroups(groups, mask);
    const most = Math.max(1, ...whole);
    this.bars.forEach((bar, i) => {
      const end = (this.length * whole[i]) / most;
      setAttributes(bar.whole, { width: end, "data-count": whole[i] });
      setAttributes(bar.part, { width: (this.length * part[i]) / most, "data-count": part[i] });
      bar.value.setAttribute("x", String(end + 8));
      const text = mask ? fillTemplate(words.part_of, { n: part[i], all: whole[i] }) : String(whole[i]);
      bar.value.textContent = text;
      bar.choice.node.setAttribute("aria-label", `${groupName(scene, i)}: ${text}`);
    });
    this.choices.describe(this.words(scene).title);
    this.choices.mark(scene.pick);
  }

  /** @param {Scene} scene */
  words({ groups, words, sides }) {
    const [, onlyA, onlyB, copied, apart] = countGroups(groups, null);
    const facts = { a: sides[0].name, b: sides[1].name, copied, wrong: onlyB + copied + apart, only: onlyA };
    const title = fillTemplate(facts.wrong ? words.groups_title : words.groups_title_none, facts);
    return { title, note: fillTemplate(words.groups_note, facts) };
  }

  /** @param {Scene} scene */
  rows(scene) {
    const whole = countGroups(scene.groups, null);
    const part = countGroups(scene.groups, scene.mask);
    const head = [scene.words.group_column, scene.words.images_column, scene.words.selected_column];
    return [head, ...GROUPS.map((_, i) => [groupName(scene, i), whole[i], scene.mask ? part[i] : 0])];
  }
}

/** How many images the first network is how undecided about, by who is right. */
export class Entropy {
  /** @type {{ parts: SVGRectElement[], light: SVGRectElement, choice: Choice }[]} */
  columns = [];
  axis = svg("g");

  /** @param {(pick: string) => void} select */
  constructor(select) {
    this.choices = new Choices(select);
  }

  /**
   * @param {Scene} scene
   * @param {number} width
   * @param {SVGSVGElement} chart
   */
  layout(scene, width, chart) {
    const pitch = (width - ENTROPY_LEFT - 4) / BINS;
    this.columns = Array.from({ length: BINS }, (_, bin) => {
      const x = ENTROPY_LEFT + bin * pitch;
      const back = svg("rect", { x, y: 8, width: pitch, height: ENTROPY_HEIGHT, class: "back" });
      const parts = GROUPS.map((_name, group) =>
        svg("rect", {
          x: x + 1,
          width: pitch - 2,
          style: `fill:${groupColour(scene, group)};fill-opacity:${group === 0 ? 0.25 : 1}`,
          class: group === 3 ? "copied" : "",
        }),
      );
      const light = svg("rect", { x: x + 1, width: pitch - 2, class: "outline" });
      const choice = {
        pick: `entropy:${bin}`,
        node: svg("g", {}, back, ...parts, light),
        area: { x, y: 8, width: pitch, height: ENTROPY_HEIGHT },
      };
      return { parts, light, choice };
    });
    this.choices.replace(
      "",
      this.columns.map(({ choice }) => choice),
    );
    const most = Math.log(scene.classes.length);
    const floor = 8 + ENTROPY_HEIGHT;
    const ticks = [0, 0.5, 1].map((share) =>
      textAtPlace(
        ENTROPY_LEFT + share * pitch * BINS,
        floor + 16,
        share ? (share === 1 ? "end" : "middle") : "start",
        (share * most).toFixed(2),
      ),
    );
    const title = textAtPlace(ENTROPY_LEFT + (pitch * BINS) / 2, floor + 34, "middle", scene.words.entropy_axis);
    chart.replaceChildren(this.axis, this.choices.box, this.choices.ring, ...ticks, title);
    return floor + 42;
  }

  /** @param {Scene} scene */
  paint(scene) {
    const { a, groups, mask, words } = scene;
    const whole = entropyCounts(a, groups, null);
    const part = entropyCounts(a, groups, mask);
    const total = (/** @type {Int32Array} */ counts) => counts.reduce((sum, count) => sum + count, 0);
    const most = Math.max(1, ...whole.map(total));
    // The root keeps the few undecided images in sight beside the many decided ones.
    const height = (/** @type {number} */ count) => ENTROPY_HEIGHT * Math.sqrt(count / most);
    this.columns.forEach(({ parts, light, choice }, bin) => {
      let below = 0;
      const heights = parts.map((_, group) => {
        const from = height(below);
        below += part[bin][group];
        return [from, height(below)];
      });
      parts.forEach((node, group) => {
        const [from, to] = heights[group];
        setAttributes(node, { y: 8 + ENTROPY_HEIGHT - to, height: to - from, "data-count": part[bin][group] });
      });
      setAttributes(light, { y: 8 + ENTROPY_HEIGHT - height(total(whole[bin])), height: height(total(whole[bin])) });
      const wrong = part[bin][1] + part[bin][3] + part[bin][4];
      const facts = { from: this.nats(scene, bin), to: this.nats(scene, bin + 1), n: total(part[bin]), wrong };
      choice.node.setAttribute(
        "aria-label",
        fillTemplate(words.entropy_bin, { ...facts, a: scene.sides[0].name, b: scene.sides[1].name }),
      );
    });
    this.axis.replaceChildren(
      textAtPlace(ENTROPY_LEFT - 5, 18, "end", String(most)),
      textAtPlace(ENTROPY_LEFT - 5, 8 + ENTROPY_HEIGHT, "end", "0"),
    );
    this.choices.describe(this.words(scene).title);
    this.choices.mark(scene.pick);
  }

  /**
   * @param {Scene} scene
   * @param {number} bin
   */
  nats({ classes }, bin) {
    return ((bin * Math.log(classes.length)) / BINS).toFixed(2);
  }

  /** @param {Scene} scene */
  words({ a, groups, classes, words, sides }) {
    const sums = { right: [0, 0], wrong: [0, 0] };
    groups.forEach((group, i) => {
      if (group >= GROUPS.length || a.chosen[i] < 0) return;
      const sum = sums[group === 0 || group === 2 ? "right" : "wrong"];
      sum[0] += (a.uncertainty[i] / FULL) * Math.log(classes.length);
      sum[1] += 1;
    });
    const mean = (/** @type {number[]} */ [nats, n]) => (n ? (nats / n).toFixed(2) : "–");
    const facts = { a: sides[0].name, b: sides[1].name, right: mean(sums.right), wrong: mean(sums.wrong) };
    const title = sums.wrong[1] ? words.entropy_title : words.entropy_title_none;
    return { title: fillTemplate(title, facts), note: fillTemplate(words.entropy_note, facts) };
  }

  /** @param {Scene} scene */
  rows(scene) {
    const part = entropyCounts(scene.a, scene.groups, scene.mask);
    const head = [scene.words.entropy_axis, ...GROUPS.map((_, i) => groupName(scene, i))];
    return [head, ...part.map((counts, bin) => [`${this.nats(scene, bin)} – ${this.nats(scene, bin + 1)}`, ...counts])];
  }
}

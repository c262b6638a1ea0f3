/**
 * Two networks beside each other: one epoch and one selection for all views. Answers of an epoch come once and are
 * counted here, so that neither a scrubbed epoch nor a selection waits for the server.
 */

import { fillTemplate, html, makeButton } from "../shared/dom.js";
import { downloadCsv, quoteCell } from "../shared/download.js";
import { Scrubber } from "../shared/scrubber.js";
import { Classes } from "./by_class.js";
import { Confusion } from "./confusion.js";
import { GROUPS, UNLABELLED, groupsOf } from "./counts.js";
import { Embedding } from "./embedding.js";
import { FULL, readFrame, readIntegers, readPlaces } from "./frames.js";
import { Pictured } from "./gallery.js";
import { Entropy, Groups } from "./groups.js";
import { indicesOf, maskOf, pickOf } from "./picks.js";
import { Reliability } from "./reliability.js";
import { View } from "./view.js";

/** @import { Frame } from "./frames.js" */
/** @import { Pictures } from "./gallery.js" */
/** @import { Scene, Side } from "./view.js" */

/**
 * What `inspector` in Python sends; frames are packed answers by side and kept epoch.
 * @typedef {object} InspectData
 * @property {string} key of what is compared: frames of another key are others
 * @property {string[]} classes
 * @property {number[]} drawn
 * @property {[Side, Side]} sides
 * @property {string} labels
 * @property {{ name: string, epoch: number | null, kept: [number, number] }[]} steps
 * @property {[Record<string, string>, Record<string, string>]} frames
 * @property {{ name: string, side: number, places: string | null, note: string }[]} sources
 * @property {Pictures} pictures
 * @property {{ place: number, pick: string }} start
 * @property {Record<string, string>} words
 * @property {string} provenance
 * @property {number} longest letters of a selection that a link has room for
 */

/** @typedef {(name: string, value: unknown) => void} SetState */

const MOST_FRAMES = 400;

export class Inspector {
  /** @type {InspectData} */
  data;
  /** @type {SetState} */
  setState;
  /** @type {Scene} */
  scene;
  /** @type {Int16Array} */
  labels;
  /** @type {Map<string, Frame>} */
  frames = new Map();
  /** @type {Record<string, string>} */
  singles = {};
  place = 0;
  pick = "";
  /** The place that is asked for and not drawn yet, or -1. */
  waiting = -1;

  /** @param {Node & ParentNode} parent */
  constructor(parent) {
    const select = (/** @type {string} */ pick) => this.select(pick === this.pick ? "" : pick);
    this.scrubber = new Scrubber({
      onMove: (place) => this.goTo(place),
      onRelease: (place) => this.release(place),
      isReady: () => this.waiting < 0,
    });
    this.told = html("span", { role: "status", "data-testid": "selection", class: "told" });
    this.clearButton = makeButton({ "data-testid": "clear-selection" }, () => this.select(""));
    this.holdButton = makeButton({ "data-testid": "hold-selection" }, () => this.hold());
    this.csvButton = makeButton({ "data-testid": "selection-csv" }, () => this.saveCsv());
    this.gallery = new Pictured(select, (images) => this.setState("wanted", { key: this.data.key, images }));
    this.embedding = new Embedding(select, () => this.paintCloud());
    this.views = [
      new View("groups", new Groups(select)),
      new View("confusion-a", new Confusion("A", select)),
      new View("confusion-b", new Confusion("B", select)),
      new View("difference", new Confusion("D", select)),
      new View("classes", new Classes(select)),
      new View("entropy", new Entropy(select)),
      new View("reliability-a", new Reliability(0, select)),
      new View("reliability-b", new Reliability(1, select)),
    ];
    const buttons = html("div", { class: "tools" }, this.clearButton, this.holdButton, this.csvButton);
    const bar = html("div", { class: "selection" }, this.told, buttons);
    this.cloudTitle = html("h2");
    this.cloudNote = html("p", { class: "note" });
    this.cloud = html("section", { class: "view", "data-testid": "view-embedding" }, this.cloudTitle, this.cloudNote);
    this.cloud.append(this.embedding.root);
    const views = html("div", { class: "views" }, ...this.views.map(({ root }) => root), this.cloud);
    const head = html("div", { class: "head" }, this.scrubber.root, bar);
    parent.append(html("div", { class: "inspect" }, head, this.gallery.root, views));
    new ResizeObserver(() => {
      if (!this.scene) return;
      this.embedding.layout();
      this.embedding.paint(this.scene);
    }).observe(this.cloud);
  }

  /**
   * @param {InspectData} data
   * @param {SetState} setState
   */
  update(data, setState) {
    const other = data.key !== this.data?.key;
    this.setState = setState;
    if (other) this.begin(data);
    this.data = data;
    data.frames.forEach((of, side) => {
      for (const [epoch, packed] of Object.entries(of)) {
        const name = `${side}/${epoch}`;
        if (!this.frames.has(name)) this.frames.set(name, readFrame(packed));
      }
    });
    Object.assign(this.singles, data.pictures.single);
    this.describe();
    this.embedding.width = 0; // another theme may have come
    this.goTo(this.waiting < 0 ? this.place : this.waiting);
  }

  /** @param {InspectData} data of other networks than before */
  begin(data) {
    this.scrubber.stop();
    this.frames.clear();
    this.singles = {};
    this.labels = readIntegers(data.labels);
    this.place = data.start.place;
    this.pick = data.start.pick;
    this.waiting = -1;
  }

  describe() {
    const { words, steps, sources } = this.data;
    this.scrubber.describe(
      words,
      steps.map(({ name }) => name),
    );
    this.clearButton.textContent = words.clear;
    this.holdButton.textContent = words.hold;
    this.csvButton.textContent = words.selection_csv;
    const described = sources.map(({ name, side, places, note }) => {
      const feature = places ? readPlaces(places) : null;
      return { name, note, places: (/** @type {Scene} */ { a, b }) => feature ?? (side ? b : a) };
    });
    this.embedding.describe(described, words);
  }

  /**
   * @param {number} place
   * @returns {[Frame, Frame] | null} what both said after an epoch, or null where that is still on the server
   */
  answersAt(place) {
    const [first, second] = this.data.steps[place].kept.map((epoch, side) => this.frames.get(`${side}/${epoch}`));
    return first && second ? [first, second] : null;
  }

  /** @param {number} place among the steps */
  goTo(place) {
    const answers = this.answersAt(place);
    this.scrubber.showPlace(place);
    if (!answers) {
      if (this.waiting !== place) this.setState("wanted", { key: this.data.key, epochs: this.data.steps[place].kept });
      this.waiting = place;
      return;
    }
    this.waiting = -1;
    this.place = place;
    this.draw(answers);
    if (this.frames.size > MOST_FRAMES) this.frames.delete([...this.frames.keys()][0]);
  }

  /** @param {[Frame, Frame]} answers */
  draw([a, b]) {
    const { classes, drawn, words, sides, steps, provenance, key } = this.data;
    const groups = groupsOf(a, b, this.labels);
    const answers = { labels: this.labels, a, b, groups };
    const mask = maskOf(this.pick, answers);
    const selected = mask ? mask.reduce((sum, chosen) => sum + chosen, 0) : 0;
    const shape = JSON.stringify([key, words.csv]);
    const setting = `${steps[this.place].name} · ${provenance}`;
    this.scene = { classes, drawn, words, sides, ...answers, pick: this.pick, mask, selected, shape, setting };
    for (const view of this.views) view.show(this.scene);
    this.paintCloud();
    this.gallery.show(this.scene, { ...this.data.pictures, single: this.singles });
    this.tell();
  }

  paintCloud() {
    const { words } = this.scene;
    const source = this.data.sources[this.embedding.chosen];
    this.cloudTitle.textContent = words.embedding_title;
    this.cloudNote.textContent = `${source.note} ${words.embedding_note}`;
    if (!this.embedding.width || this.embedding.scene?.shape !== this.scene.shape) this.embedding.layout();
    this.embedding.canvas.setAttribute("aria-label", `${words.embedding_title}. ${words.embedding_keys}`);
    this.embedding.paint(this.scene);
  }

  tell() {
    const { words, mask, selected, labels } = this.scene;
    const facts = { n: selected, all: labels.length, what: this.described() };
    this.told.textContent = fillTemplate(mask ? words.selection : words.no_selection, facts);
    this.clearButton.disabled = !mask;
    this.csvButton.disabled = !mask;
    this.holdButton.disabled = !mask || this.pick.startsWith("images:");
  }

  /** What the selection is, in words. */
  described() {
    const { words, classes, sides } = this.scene;
    const [kind, first, second, third] = this.pick.split(":");
    const name = kind === "cell" && first === "D" ? `${sides[0].name} / ${sides[1].name}` : this.sideName(first);
    const template = words[`pick_${kind}`] ?? "";
    const own = (/** @type {string} */ k) => classes[Number(k)] ?? "";
    const edge = (/** @type {string} */ bin, /** @type {number} */ more) =>
      (((Number(bin) + more) * 100) / 15).toFixed(0);
    const nats = (/** @type {number} */ more) => (((Number(first) + more) * Math.log(classes.length)) / 15).toFixed(2);
    const group = GROUPS.includes(first)
      ? fillTemplate(words[`group_${first}`], { a: sides[0].name, b: sides[1].name })
      : "";
    /** @type {Record<string, Record<string, string>>} */
    const facts = {
      cell: { name, label: own(second), answer: own(third) },
      bin: { name, from: edge(second, 0), to: edge(second, 1) },
      entropy: { name: sides[0].name, from: nats(0), to: nats(1) },
      class: { label: own(first) },
      group: { group },
    };
    return fillTemplate(template, facts[kind] ?? {});
  }

  /** @param {string} letter */
  sideName(letter) {
    return this.data.sides[letter === "B" ? 1 : 0].name;
  }

  /** @param {string} pick */
  select(pick) {
    this.pick = pick;
    const answers = this.answersAt(this.place);
    if (answers) this.draw(answers);
    this.setState("pick", { key: this.data.key, pick: pick.length <= this.data.longest ? pick : "" });
  }

  /** Let the selection be these very images, whatever is said of them after other epochs. */
  hold() {
    if (this.scene.mask) this.select(pickOf(indicesOf(this.scene.mask)));
  }

  /** @param {number} place */
  release(place) {
    this.setState("epoch", { key: this.data.key, epoch: this.data.steps[place].epoch });
  }

  saveCsv() {
    const { mask, labels, a, b, groups, classes } = this.scene;
    if (!mask) return;
    const own = (/** @type {number} */ k) => quoteCell(classes[k] ?? "");
    const nats = Math.log(classes.length) / FULL;
    const rows = indicesOf(mask).map((i) =>
      [
        i,
        own(labels[i]),
        ...[a, b].flatMap(({ chosen, confidence, uncertainty }) => [
          own(chosen[i]),
          (confidence[i] / FULL).toFixed(4),
          (uncertainty[i] * nats).toFixed(4),
        ]),
        groups[i] === UNLABELLED ? "" : GROUPS[groups[i]],
      ].join(","),
    );
    // The same in every language, since other programs read them.
    const head = ["a", "b"].flatMap((side) => [`${side}_answer`, `${side}_confidence`, `${side}_entropy_nats`]);
    downloadCsv([["image", "label", ...head, "group"].join(","), ...rows], "inspect-selection.csv");
  }
}

/** Small pictures to choose from; the chosen one is pressed, and the arrow keys walk along them. */

import { html, makeButton, setAttributes } from "../shared/dom.js";

/** @typedef {{ index: number, picture: string, caption: string, description: string }} Tile */

/**
 * What `image_gallery` in Python sends.
 * @typedef {{ label: string, tiles: Tile[], chosen: number | null, kind: string }} GalleryData
 */

class Gallery {
  /** @type {(index: number) => void} */
  choose;
  /** @type {string} of what is drawn: buttons are made anew when it changes */
  shape;
  /** @type {HTMLElement[]} */
  buttons = [];

  /** @param {ParentNode} parent */
  constructor(parent) {
    this.root = html("div", { class: "gallery", role: "group" });
    parent.append(this.root);
    this.root.onkeydown = (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      const next = step && this.buttons[this.buttons.indexOf(/** @type {HTMLElement} */ (event.target)) + step];
      if (!next) return;
      event.preventDefault();
      next.focus();
    };
  }

  /**
   * @param {GalleryData} data
   * @param {(index: number) => void} choose
   */
  update({ label, tiles, chosen, kind }, choose) {
    this.choose = choose;
    setAttributes(this.root, { "aria-label": label });
    const shape = JSON.stringify(tiles);
    if (shape !== this.shape) this.layout(tiles, kind);
    this.shape = shape;
    this.buttons.forEach((button, i) => setAttributes(button, { "aria-pressed": tiles[i].index === chosen }));
  }

  /**
   * @param {Tile[]} tiles
   * @param {string} kind
   */
  layout(tiles, kind) {
    this.buttons = tiles.map(({ index, picture, caption, description }) => {
      const names = { title: description, "aria-label": description, "data-testid": `tile-${kind}${index}` };
      const button = makeButton(names, () => this.choose(index));
      button.append(html("img", { src: picture, alt: "" }), html("span", {}, caption));
      return button;
    });
    this.root.replaceChildren(...this.buttons);
  }
}

/**
 * @param {object} component
 * @param {GalleryData} component.data
 * @param {ParentNode & { kdGallery?: Gallery }} component.parentElement
 * @param {(name: string, value: unknown) => void} component.setTriggerValue
 */
export default function mountGallery({ data, parentElement, setTriggerValue }) {
  parentElement.kdGallery ??= new Gallery(parentElement);
  parentElement.kdGallery.update(data, (index) => setTriggerValue("chosen", index));
}

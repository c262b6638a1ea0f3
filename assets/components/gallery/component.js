// Small pictures to choose from; the chosen one is pressed, and the arrow keys walk along them.
class Gallery {
  constructor(parent) {
    this.root = html("div", { class: "gallery", role: "group" });
    parent.append(this.root);
    this.root.onkeydown = (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      const next = step && this.buttons[this.buttons.indexOf(event.target) + step];
      if (next) event.preventDefault(), next.focus();
    };
  }

  update({ label, tiles, chosen }, choose) {
    this.choose = choose;
    set(this.root, { "aria-label": label });
    const shape = JSON.stringify(tiles);
    if (shape !== this.shape) this.layout(tiles);
    this.shape = shape;
    this.buttons.forEach((button, i) => set(button, { "aria-pressed": tiles[i].index === chosen }));
  }

  layout(tiles) {
    this.buttons = tiles.map(({ index, picture, caption, description }) => {
      const button = html("button", { type: "button", title: description, "aria-label": description, "data-testid": `tile-${index}` },
        html("img", { src: picture, alt: "" }), html("span", {}, caption));
      button.onclick = () => this.choose(index);
      return button;
    });
    this.root.replaceChildren(...this.buttons);
  }
}

export default function ({ data, parentElement, setTriggerValue }) {
  parentElement.kdGallery ??= new Gallery(parentElement);
  parentElement.kdGallery.update(data, (index) => setTriggerValue("chosen", index));
}

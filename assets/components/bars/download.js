// The bars as a person takes them along: probabilities at the temperature in sight as CSV, the drawing as PNG.
class Takeaway {
  constructor(bars) {
    const button = (kind, onclick) => Object.assign(html("button", { type: "button", "data-testid": `bars-${kind}` }), { onclick });
    this.buttons = { csv: button("csv", () => this.csv(bars)), png: button("png", () => this.png(bars)) };
    this.root = html("div", { class: "tools" }, ...Object.values(this.buttons));
  }

  name(words) {
    for (const [kind, button] of Object.entries(this.buttons)) button.textContent = words[kind];
  }

  csv({ data: { classes, hard_label, arms, words, file }, logs, T }) {
    const head = [words.class, ...(hard_label === null ? [] : [words.hard_label]), ...arms.map((arm) => arm.name)];
    const lines = classes.map((name, i) =>
      [quoted(name), ...(hard_label === null ? [] : [Number(i === hard_label)]), ...logs.map((log) => Math.exp(log[i]))].join(","));
    save(new Blob([`\ufeff${head.map(quoted).join(",")}\n${lines.join("\n")}\n`], { type: "text/csv" }), `${file}-T-${T}.csv`);
  }

  png({ data: { arms, words, file, picture_alt }, chart, T, axis }) {
    chart.setAttribute("viewBox", `0 0 ${chart.getAttribute("width")} ${chart.getAttribute("height")}`);
    png(chart, { title: picture_alt, subtitle: `T = ${shown(T)}, ${words[axis]}`, y_title: words.probability, series: arms, file }, false);
  }
}

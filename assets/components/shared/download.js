// What a person takes away: the points as CSV, the drawing as PNG.
const STYLES = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray", "stroke-linecap",
  "opacity", "visibility", "font-size", "font-family", "font-weight"];

function save(blob, name) {
  const link = html("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
// A spreadsheet takes =, +, - and @ at the start for a formula.
const quoted = (name) => `"${name.replace(/^[=+\-@\t\r]/, "'$&").replaceAll('"', '""')}"`;
function csv({ series, file }) {
  const lines = series.flatMap(({ name, x, y, low, high }) =>
    x.map((value, i) => [quoted(name), value, y[i], low?.[i], high?.[i]].map((cell) => cell ?? "").join(",")));
  // The byte order mark lets Excel read Chinese names.
  save(new Blob(["\ufeffseries,x,y,low,high\n" + lines.join("\n") + "\n"], { type: "text/csv" }), `${file}.csv`);
}

async function png(chart, { title, subtitle, y_title, series, file }, named) {
  const copy = chart.cloneNode(true), originals = [chart, ...chart.querySelectorAll("*")];
  // Outside the page there are neither its style sheets nor its variables.
  [copy, ...copy.querySelectorAll("*")].forEach((node, i) => {
    const style = getComputedStyle(originals[i]);
    for (const name of STYLES) node.style.setProperty(name, style.getPropertyValue(name));
  });
  copy.querySelectorAll("text").forEach((node) => node.remove()); // an image has no web fonts; the canvas has
  const image = new Image();
  image.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(new XMLSerializer().serializeToString(copy));
  await image.decode();
  const { width, height } = chart.viewBox.baseVal, theme = getComputedStyle(chart), head = named ? 74 : 94;
  const canvas = set(document.createElement("canvas"), { width: 2 * width, height: 2 * (height + head) }), pen = canvas.getContext("2d");
  pen.scale(2, 2);
  pen.fillStyle = theme.getPropertyValue("--st-background-color");
  pen.fillRect(0, 0, width, height + head);
  const write = (words, x, y, font) => ((pen.font = `${font} ${theme.fontFamily}`), pen.fillText(words, x, y), pen.measureText(words).width);
  pen.fillStyle = theme.color;
  write(title, 8, 22, "600 16px");
  write(subtitle, 8, 42, "13px");
  write(y_title, 8, head - 8, "12px");
  let x = 8;
  for (const { name, style } of named ? [] : series) {
    pen.fillStyle = style.colour;
    pen.fillRect(x, 58, 10, 10);
    pen.fillStyle = theme.color;
    x += 30 + write(name, x + 15, 67, "12px");
  }
  pen.drawImage(image, 0, head, width, height);
  pen.fillStyle = theme.color;
  for (const node of chart.querySelectorAll("text:not([visibility=hidden])")) {
    pen.textAlign = { middle: "center", end: "right" }[node.getAttribute("text-anchor")] ?? "left";
    write(node.textContent, Number(node.getAttribute("x")), head + Number(node.getAttribute("y")), getComputedStyle(node).fontSize);
  }
  canvas.toBlob((blob) => save(blob, `${file}.png`));
}

/**
 * Plotly's own bar saves one format, and Streamlit passes it no button of ours: a second button asks it for the other
 * one, so that the drawing is Plotly's own.
 */

import { html, setAttributes, svg } from "../shared/dom.js";

const CAMERA = '.js-plotly-plot .modebar-btn[aria-label^="Download"]:not(.kd-svg)';
const LETTERS = "M4.5 5h-3v3h3v3h-3M6.5 5l1.5 6 1.5-6M14.5 5h-3v6h3V8h-1.5";

/** @typedef {Element & { _context?: { toImageButtonOptions: { format: string } } }} Plot */

/** @param {string} title what the button says */
export function addSvgButtons(title) {
  for (const camera of document.querySelectorAll(CAMERA)) {
    const beside = camera.nextElementSibling;
    const button = beside?.classList.contains("kd-svg") ? beside : makeSvgButton(/** @type {HTMLElement} */ (camera));
    if (button.getAttribute("data-title") !== title)
      setAttributes(button, { "data-title": title, "aria-label": title });
  }
}

/** @param {HTMLElement} camera Plotly's own button, beside which it is put */
function makeSvgButton(camera) {
  const button = html("button", { type: "button", rel: "tooltip", class: "modebar-btn kd-svg" });
  const drawn = camera.querySelector("path");
  const letters = svg("path", { d: LETTERS, fill: "none", "stroke-width": 1.5 });
  letters.style.cssText = "fill: none !important";
  letters.style.stroke = drawn ? getComputedStyle(drawn).fill : "currentColor";
  button.append(svg("svg", { viewBox: "0 0 16 16", class: "icon", height: "1em", width: "1em" }, letters));
  button.onclick = () => {
    const plot = /** @type {Plot | null} */ (camera.closest(".js-plotly-plot"));
    if (!plot?._context) return;
    const options = plot._context.toImageButtonOptions;
    const usual = options.format;
    options.format = "svg"; // read when the button is pressed
    camera.click();
    options.format = usual;
  };
  camera.after(button);
  return button;
}

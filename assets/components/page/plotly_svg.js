/**
 * Plotly's own bar saves one format, and Streamlit passes it no button of ours: a second button asks it for the other
 * one, so that the drawing is Plotly's own.
 */

import { html, setAttributes, svg } from "../shared/dom.js";

const CAMERA = '.js-plotly-plot .modebar-btn[aria-label^="Download"]:not(.kd-svg)';
const LETTERS = "M7 3H2v5h5v5H2M10 3l3 10 3-10M24 3h-5v10h5V8h-2.5";

/** @typedef {Element & { _context?: { toImageButtonOptions: { format: string, scale: number } } }} Plot */

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
  const letters = svg("path", { d: LETTERS, fill: "none", "stroke-width": 1.9 });
  letters.style.cssText = "fill: none !important";
  letters.style.stroke = drawn ? getComputedStyle(drawn).fill : "currentColor";
  button.append(svg("svg", { viewBox: "0 0 26 16", class: "icon", height: "1em", width: "1.6em" }, letters));
  button.onclick = () => {
    const plot = /** @type {Plot | null} */ (camera.closest(".js-plotly-plot"));
    if (!plot?._context) return;
    const options = plot._context.toImageButtonOptions; // read when the camera is pressed
    const usual = { ...options };
    Object.assign(options, { format: "svg", scale: 1 });
    camera.click();
    Object.assign(options, usual);
  };
  camera.after(button);
  return button;
}

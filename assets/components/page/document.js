/**
 * What a page needs of its document and Streamlit leaves out: the language it is in, tables and code that scroll
 * within reach of the keyboard, upload boxes that say what they are, Plotly's drawings as SVG, and the cookie that tells
 * who sits here.
 */

import { addSvgButtons } from "./plotly_svg.js";

const SCROLLING = '[data-testid="stTable"] > div, [data-testid="stCode"] pre';
const UPLOAD_BOXES = '[data-testid="stFileUploaderDropzone"][role="presentation"]';
const A_YEAR = 31536000;

function makeReachable() {
  for (const part of document.querySelectorAll(SCROLLING)) /** @type {HTMLElement} */ (part).tabIndex = 0;
  // Streamlit gives them a label and says at once that they are mere decoration.
  for (const box of document.querySelectorAll(UPLOAD_BOXES)) box.setAttribute("role", "group");
}

/**
 * Keep who sits here. A session that has just made somebody up learns whom the browser knows: of two tabs opened at
 * once, the second is told by the first.
 *
 * @param {{ name: string, value: string, new: boolean }} cookie
 * @param {(name: string, value: string) => void} tell
 */
function keepVisitor(cookie, tell) {
  const kept = document.cookie.split("; ").find((pair) => pair.startsWith(`${cookie.name}=`));
  const value = kept ? kept.slice(cookie.name.length + 1) : "";
  if (value === cookie.value) return;
  if (cookie.new && value) {
    tell("visitor", value);
    return;
  }
  const secure = window.location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${cookie.name}=${cookie.value}; Path=/; Max-Age=${A_YEAR}; SameSite=Lax${secure}`;
}

/**
 * @param {object} component
 * @param {{ language: string, svg: string, visitor: { name: string, value: string, new: boolean } }} component.data
 * @param {(name: string, value: string) => void} component.setTriggerValue
 */
export default function mountDocument({ data, setTriggerValue }) {
  document.documentElement.lang = data.language;
  keepVisitor(data.visitor, setTriggerValue);
  const page = /** @type {Window & { kdSvg?: string, kdTables?: MutationObserver }} */ (window);
  page.kdSvg = data.svg;
  const complete = () => {
    makeReachable();
    addSvgButtons(page.kdSvg ?? "");
  };
  complete();
  if (page.kdTables) return;
  page.kdTables = new MutationObserver(complete);
  page.kdTables.observe(document.body, { childList: true, subtree: true });
}

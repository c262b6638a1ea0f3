/** What every component draws with: strings become text nodes or attributes, never markup, whatever a class is called. */

/** @typedef {Record<string, string | number | boolean>} Attributes */

/**
 * @template {Element} N
 * @param {N} node
 * @param {Attributes} attributes
 * @returns {N} the same node
 */
export function setAttributes(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  return node;
}

/**
 * @template {keyof SVGElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Attributes} [attributes]
 * @param {(Node | string)[]} children
 */
export function svg(tag, attributes = {}, ...children) {
  const node = setAttributes(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes);
  node.append(...children);
  return node;
}

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Attributes} [attributes]
 * @param {(Node | string)[]} children
 */
export function html(tag, attributes = {}, ...children) {
  const node = setAttributes(document.createElement(tag), attributes);
  node.append(...children);
  return node;
}

/**
 * @param {Attributes} attributes
 * @param {() => void} onclick
 */
export function makeButton(attributes, onclick) {
  const button = html("button", { type: "button", ...attributes });
  button.onclick = onclick;
  return button;
}

/**
 * A row of column heads, of which the first may be empty.
 * @param {string} first
 * @param {string[]} rest
 */
export function headRow(first, ...rest) {
  const corner = first === "" ? html("td") : html("th", { scope: "col" }, first);
  return html("tr", {}, corner, ...rest.map((cell) => html("th", { scope: "col" }, cell)));
}

/**
 * @param {Node | string} head
 * @param {(Node | string)[]} cells
 */
export function tableRow(head, ...cells) {
  return html("tr", {}, html("th", { scope: "row" }, head), ...cells.map((cell) => html("td", {}, cell)));
}

/**
 * @param {string} template with `{fields}`
 * @param {Record<string, any>} values by field
 */
export function fillTemplate(template, values) {
  return template.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

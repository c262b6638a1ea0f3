// What both charts draw with. Strings become text nodes or attributes, never markup: a class name may be anything.
const set = (node, attributes) => {
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
};
const svg = (tag, attributes = {}, ...children) => {
  const node = set(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes);
  node.append(...children);
  return node;
};
const html = (tag, attributes = {}, ...children) => {
  const node = set(document.createElement(tag), attributes);
  node.append(...children);
  return node;
};
const row = (tag, scope, first, ...rest) =>
  html("tr", {}, html(first === "" ? "td" : "th", first === "" ? {} : { scope }, first), ...rest.map((cell) => html(tag, tag === "th" ? { scope } : {}, cell)));
const fill = (template, values) => template.replace(/\{(\w+)\}/g, (_, name) => values[name]);

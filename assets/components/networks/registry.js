/** Networks that were sent to this page once, by id: who asks for one that is still to come is told when it is there. */

/** @import { Forward } from "./forward.js" */

/** @typedef {Window & { kdNetworks?: Map<string, Forward> }} NetworkWindow */

const ARRIVED = "kd-network";
// More than three races in sight: a teacher and two students each.
const MOST_KEPT = 12;

/** @returns {Map<string, Forward>} */
function keptNetworks() {
  const page = /** @type {NetworkWindow} */ (window);
  page.kdNetworks ??= new Map();
  return page.kdNetworks;
}

/**
 * @param {string} id
 * @param {() => Forward} make called where the page has it not yet
 */
export function keepNetwork(id, make) {
  const kept = keptNetworks();
  if (kept.has(id)) return;
  kept.set(id, make());
  for (const oldest of [...kept.keys()].slice(0, -MOST_KEPT)) kept.delete(oldest);
  window.dispatchEvent(new Event(ARRIVED));
}

/** @param {string} id */
export const networkOf = (id) => keptNetworks().get(id);

/**
 * @param {Node} node for as long as it stands in the page
 * @param {() => void} listener called whenever a network arrives
 */
export function whenNetworkArrives(node, listener) {
  const hear = () => {
    if (node.isConnected) listener();
    else window.removeEventListener(ARRIVED, hear);
  };
  window.addEventListener(ARRIVED, hear);
}

/** Takes networks for other components of the page; shows nothing. */

import { forwardOf } from "./forward.js";
import { keepNetwork } from "./registry.js";

/** @import { PlainNetwork } from "./forward.js" */

/**
 * @param {object} component
 * @param {{ networks: Record<string, PlainNetwork> }} component.data
 */
export default function mountNetworks({ data }) {
  for (const [id, network] of Object.entries(data.networks)) keepNetwork(id, () => forwardOf(network));
}

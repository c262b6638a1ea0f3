/** What a scrubber passes is told to everything that is drawn of the same networks, whichever component draws it. */

const EPOCH_EVENT = "kd-epoch";

/** @param {number | null} epoch from 1; null for the reported one */
export function tellEpoch(epoch) {
  document.dispatchEvent(new CustomEvent(EPOCH_EVENT, { detail: epoch }));
}

/**
 * Hear of every epoch that a scrubber of the page passes, for as long as a node is part of the page.
 * @param {Node} node
 * @param {(epoch: number | null) => void} listener
 */
export function followEpoch(node, listener) {
  const heard = (/** @type {Event} */ event) => {
    if (node.isConnected) listener(/** @type {CustomEvent} */ (event).detail);
    else document.removeEventListener(EPOCH_EVENT, heard);
  };
  document.addEventListener(EPOCH_EVENT, heard);
}

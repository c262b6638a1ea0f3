/** Mounts the epoch scrubber of a page; what it passes is told to everything that is drawn of the same networks. */

import { tellEpoch } from "../shared/epoch_event.js";
import { Scrubber } from "../shared/scrubber.js";

/**
 * What `choose_epoch` in Python sends; epochs count from 1, and null stands for the reported one.
 * @typedef {{ steps: { name: string, epoch: number | null }[], place: number, words: Record<string, string> }} EpochData
 */

/** @typedef {{ scrubber: Scrubber, data: EpochData, setState: (name: string, value: unknown) => void }} Mounted */

/** @param {Node & ParentNode & { kdEpoch?: Mounted }} parent */
function begin(parent) {
  const scrubber = new Scrubber({
    onMove: (place) => tellEpoch(parent.kdEpoch?.data.steps[place].epoch ?? null),
    onRelease: (place) => parent.kdEpoch?.setState("chosen", { epoch: parent.kdEpoch.data.steps[place].epoch }),
  });
  parent.append(scrubber.root);
  return scrubber;
}

/**
 * @param {object} component
 * @param {EpochData} component.data
 * @param {Node & ParentNode & { kdEpoch?: Mounted }} component.parentElement
 * @param {(name: string, value: unknown) => void} component.setStateValue
 */
export default function mountEpoch({ data, parentElement, setStateValue }) {
  const scrubber = parentElement.kdEpoch?.scrubber ?? begin(parentElement);
  parentElement.kdEpoch = { scrubber, data, setState: setStateValue };
  scrubber.describe(
    data.words,
    data.steps.map(({ name }) => name),
  );
  // A rerun that comes back meanwhile must fight neither with a held slider nor with the film.
  if (!scrubber.held && !scrubber.playing) scrubber.showPlace(data.place);
}

/** Mounts the pad: one drawing lives on the root across reruns. */

import { Pad } from "./pad.js";

/** @import { SetState } from "../bars/chart.js" */
/** @import { PadData } from "./pad.js" */

/**
 * @param {object} component
 * @param {PadData} component.data
 * @param {ParentNode & { kdPad?: Pad }} component.parentElement
 * @param {SetState} component.setStateValue
 */
export default function mountPad({ data, parentElement, setStateValue }) {
  parentElement.kdPad ??= new Pad(parentElement);
  parentElement.kdPad.update(data, setStateValue);
}

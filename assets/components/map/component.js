/** Mounts the map: one map lives on the root across reruns. */

import { GainMap } from "./chart.js";

/** @import { SetState } from "../bars/chart.js" */
/** @import { MapData } from "./chart.js" */

/**
 * @param {object} component
 * @param {MapData} component.data
 * @param {ParentNode & { kdMap?: GainMap }} component.parentElement
 * @param {SetState} component.setTriggerValue
 * @param {SetState} component.setStateValue
 */
export default function mountMap({ data, parentElement, setTriggerValue, setStateValue }) {
  parentElement.kdMap ??= new GainMap(parentElement);
  parentElement.kdMap.update(data, setTriggerValue, setStateValue);
}

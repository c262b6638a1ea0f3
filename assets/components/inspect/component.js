/** Mounts the inspector: one lives on the root across reruns. */

import { Inspector } from "./inspector.js";

/** @import { InspectData, SetState } from "./inspector.js" */

/**
 * @param {object} component
 * @param {InspectData} component.data
 * @param {ParentNode & { kdInspector?: Inspector }} component.parentElement
 * @param {SetState} component.setStateValue
 */
export default function mountInspector({ data, parentElement, setStateValue }) {
  parentElement.kdInspector ??= new Inspector(parentElement);
  parentElement.kdInspector.update(data, setStateValue);
}

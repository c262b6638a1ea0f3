/** Mounts the loss lab: one lab lives on the root across reruns. */

import { LossLab } from "./lab.js";

/** @import { LabData, SetState } from "./lab.js" */

/**
 * @param {object} component
 * @param {LabData} component.data
 * @param {ParentNode & { kdLossLab?: LossLab }} component.parentElement
 * @param {SetState} component.setStateValue
 */
export default function mountLossLab({ data, parentElement, setStateValue }) {
  parentElement.kdLossLab ??= new LossLab(parentElement, data.id);
  parentElement.kdLossLab.update(data, setStateValue);
}

/** Mounts the bars: one chart lives on the root across reruns. */

import { BarChart } from "./chart.js";

/** @import { BarsData, SetState } from "./chart.js" */

/**
 * @param {object} component
 * @param {BarsData} component.data
 * @param {ParentNode & { kdBars?: BarChart }} component.parentElement
 * @param {SetState} component.setStateValue
 */
export default function mountBars({ data, parentElement, setStateValue }) {
  parentElement.kdBars ??= new BarChart(parentElement);
  parentElement.kdBars.update(data, setStateValue);
}

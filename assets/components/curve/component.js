/** Mounts the curve: one chart lives on the root across reruns. */

import { CurveChart } from "./chart.js";

/** @import { CurveData } from "./chart.js" */

/**
 * @param {object} component
 * @param {CurveData} component.data
 * @param {ParentNode & { kdCurve?: CurveChart }} component.parentElement
 */
export default function mountCurve({ data, parentElement }) {
  parentElement.kdCurve ??= new CurveChart(parentElement);
  parentElement.kdCurve.update(data);
}

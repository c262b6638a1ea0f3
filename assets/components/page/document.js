/**
 * What a page needs of its document and Streamlit leaves out: the language it is in, and tables that scroll on a phone
 * within reach of the keyboard.
 */

const SCROLLING_TABLES = '[data-testid="stTable"] > div';

function makeTablesReachable() {
  for (const table of document.querySelectorAll(SCROLLING_TABLES)) /** @type {HTMLElement} */ (table).tabIndex = 0;
}

/**
 * @param {object} component
 * @param {{ language: string }} component.data
 */
export default function mountDocument({ data }) {
  document.documentElement.lang = data.language;
  makeTablesReachable();
  const page = /** @type {Window & { kdTables?: MutationObserver }} */ (window);
  if (page.kdTables) return;
  page.kdTables = new MutationObserver(makeTablesReachable);
  page.kdTables.observe(document.body, { childList: true, subtree: true });
}

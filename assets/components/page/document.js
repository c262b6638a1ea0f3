// What a page needs of its document and Streamlit leaves out: the language it is in, and tables that scroll on a phone
// within reach of the keyboard.
const SCROLLERS = '[data-testid="stTable"] > div';

function reachable() {
  for (const box of document.querySelectorAll(SCROLLERS)) box.tabIndex = 0;
}

export default function ({ data }) {
  document.documentElement.lang = data.language;
  reachable();
  if (window.kdTables) return;
  window.kdTables = new MutationObserver(reachable);
  window.kdTables.observe(document.body, { childList: true, subtree: true });
}

// Tells the browser and screen readers in which language the page is; Streamlit itself always says English.
export default function ({ data }) {
  document.documentElement.lang = data.language;
}

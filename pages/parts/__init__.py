"""Parts that several pages share: charts, forms, texts."""

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

# Streamlit runs a file of a folder named "pages" by itself, without app.py, until st.navigation has been called once:
# a link to a page, opened first on a fresh server, would show it without its frame and forget the link's parts.
if PagesManager.uses_pages_directory and st.runtime.exists():
    PagesManager.uses_pages_directory = False
    st.rerun()

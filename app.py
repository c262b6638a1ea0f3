"""The page list and the frame that all pages share."""

import streamlit as st

from pages.parts import frame, links
from pages.parts.texts import t

st.set_page_config(page_title="KD Playground", page_icon="assets/icon.png", layout="wide")
links.begin()

PAGES = {"race": "race", "soft_labels": "soft-labels", "compare": "compare", "speed": "speed", "methods": "methods"}
page = st.navigation(
    [
        st.Page(f"pages/{name}.py", title=t(f"nav.{name}"), url_path=path, default=name == "race")
        for name, path in PAGES.items()
    ],
    position="top",
)
told_here = frame.head(t(f"question.{page.url_path or 'race'}"))
page.run()
frame.foot(told_here)

"""The page list and the frame that all pages share."""

import streamlit as st

from pages.parts.app import errors, frame, link
from pages.parts.text import t
from pages.parts.watch import looking

st.set_page_config(page_title="KD Playground", page_icon="assets/icon.png", layout="wide")
with errors.error_boundary():
    link.begin()

PAGES = {
    "explore": ("race", "soft_labels", "loss_lab", "inspect"),
    "search": ("sweep", "method_race", "compare"),
    "ship": ("speed",),
    "learn": ("methods", "evidence"),
}
# A page is called in the address as its file is: a link to it then works on a server that has just been started.
page = st.navigation(
    [
        st.Page(f"pages/{name}.py", title=t(f"nav.{name}"), url_path=name, default=name == "race")
        for names in PAGES.values()
        for name in names
    ],
    position="top",
)
with errors.error_boundary():
    told_here = frame.head(t(f"question.{page.url_path or 'race'}"), PAGES)
    with looking(), errors.error_boundary():
        page.run()
    frame.foot(told_here)

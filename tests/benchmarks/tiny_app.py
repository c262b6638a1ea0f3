"""A dashboard of two pages with one of everything that a visitor without a browser has to deal with."""

import streamlit as st


def first() -> None:
    st.select_slider("Slider", ["1", "2", "4"], key="slider", on_change=_moved)
    st.text(f"cookie {st.context.cookies.get('visitor')}")
    if st.button("Start", key="start"):
        st.query_params["study"] = "abc"
        st.rerun()
    # Only where a test looks at polls: one that comes just as the page's own run ends can cost that run's messages.
    if "polls" in st.query_params:
        polled()


@st.fragment(run_every=0.3)
def polled() -> None:
    st.session_state["polls"] = st.session_state.get("polls", 0) + 1


def second() -> None:
    st.text(f"polls {st.session_state.get('polls', 0)}")
    st.error("refused")
    raise ValueError("a bug")


def _moved() -> None:
    st.query_params["moved"] = st.session_state["slider"]


st.navigation([st.Page(first, url_path="race", default=True), st.Page(second, url_path="sweep")]).run()

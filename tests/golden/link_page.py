"""A page of one line: the fingerprint of the recipe that its link asks for, to be run without a browser."""

import streamlit as st

from tests.golden.api import begin_link, recipe_of_link

begin_link()
st.text(recipe_of_link().fingerprint())

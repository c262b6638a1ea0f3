"""Redraw: a fragment that looks whether something changed has another one drawn, which it could not call itself."""

from __future__ import annotations

from urllib.parse import parse_qs

from streamlit.runtime.scriptrunner import RerunData, get_script_run_ctx


def this_session() -> str:
    """Return what tells this browser tab's session from others, for as long as it lasts."""
    context = get_script_run_ctx()
    return "" if context is None else context.session_id


def part_in_browser(name: str) -> str:
    """Return a part of the link as the browser's address had it when it asked for this run."""
    context = get_script_run_ctx()
    return "" if context is None else parse_qs(context.query_string).get(name, [""])[0]


def redraw_fragment(key: str) -> None:
    """Have a fragment of this page drawn anew, once the fragment that runs now has ended.

    ``st.rerun(key)`` does the same, and is allowed in callbacks only.

    Args:
        key: of the fragment.
    """
    context = get_script_run_ctx()
    if context is not None and context.script_requests is not None:
        context.script_requests.request_rerun(
            RerunData(
                query_string=context.query_string,
                page_script_hash=context.page_script_hash,
                fragment_id_queue=context.fragment_storage.resolve_target([key]),
                cached_message_hashes=context.cached_message_hashes,
                context_info=context.context_info,
            )
        )

"""Tab: one open page, over the websocket and by the rules that the browser keeps.

A browser asks for the page, keeps its cookies, opens ``/_stcore/stream`` with the XSRF cookie as second subprotocol,
and asks for a run; it keeps messages that may be kept, sends the polls of fragments that announced them, and stops
those with the next run of the whole page. What is not done: static files are not loaded, and of the widgets' states
only the one that moves is sent.
"""

from __future__ import annotations

import asyncio
import time
import urllib.request
from collections.abc import Callable
from http.cookies import SimpleCookie
from typing import Any, NamedTuple
from urllib.error import URLError
from urllib.parse import parse_qs

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin, Subprotocol

NO_TOKEN = "PLACEHOLDER_AUTH_TOKEN"
"""What a browser sends where it has no XSRF cookie."""
PATIENCE_SECONDS = 60.0
WHOLE, BROKEN, EARLY, FRAGMENT = range(4)
"""How a script finished, as ``ForwardMsg.ScriptFinishedStatus`` counts: early where another run follows."""
State = tuple[str, Any]
"""Field and value of a ``WidgetState``."""


class Trouble(Exception):
    """What a person would see as broken: a closed connection, a page that never came, a trace."""


class Widget(NamedTuple):
    """A widget that the server drew.

    Args:
        kind: of its element, such as "slider".
        element: as the server sent it.
        fragment: in which it stands; "" for the page itself.
    """

    kind: str
    element: Any
    fragment: str


class Finished(NamedTuple):
    """The end of a run: how it came, and of which fragments; none for the whole page."""

    status: int
    fragments: frozenset[str]


class Tab:
    """A person's browser tab.

    Args:
        url: of the server, such as "http://127.0.0.1:8501".
        cookies: of this person; what the server sets is added.
        told: called with page and seconds of every poll that was answered.
        polls: whether to send the polls that fragments announce.
    """

    def __init__(
        self, url: str, cookies: dict[str, str] | None = None, told: Callable[[str, float], None] | None = None,
        polls: bool = True,
    ) -> None:  # fmt: skip
        self.url, self.cookies, self.polls = url.rstrip("/"), dict(cookies or {}), polls
        self.told = told or (lambda page, seconds: None)
        self.pages: dict[str, str] = {}  # script hashes by url path
        self.page, self.page_hash, self.query = "", "", ""
        self.widgets: dict[str, Widget] = {}
        self.announced: dict[str, float] = {}  # seconds between polls, by fragment
        self.traces: list[str] = []
        self.texts: list[str] = []  # plain text of the page as it is now
        self.refusals: list[str] = []  # red boxes of the page as it is now
        self.runs = 0
        self._kept: dict[str, tuple[ForwardMsg, int]] = {}
        self._kept_runs = 2
        self._asked: dict[str, float] = {}  # when a fragment's poll was sent that is not answered yet
        self._timers: dict[str, asyncio.Task[None]] = {}
        self._waiters: list[tuple[Callable[[Finished], bool], asyncio.Future[None]]] = []
        self._socket: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None

    async def open(self, page: str = "", query: str = "") -> float:
        """Go to a page of the address bar and return the seconds until it was drawn."""
        began = time.perf_counter()
        self.page, self.query = page, query
        for path in (page, "_stcore/health", "_stcore/host-config"):
            await asyncio.to_thread(self._get, path)
        token = self.cookies.get("_streamlit_xsrf", NO_TOKEN)
        self._socket = await connect(
            f"{self.url.replace('http', 'ws', 1)}/_stcore/stream",
            origin=Origin(self.url),
            subprotocols=[Subprotocol("streamlit"), Subprotocol(token)],
            additional_headers={"Cookie": self._cookie_header()} if self.cookies else {},
            max_size=None,
        )
        self._reader = asyncio.create_task(self._read())
        await self.rerun()
        return time.perf_counter() - began

    async def rerun(self, state: State | None = None, widget: str = "", fragment: str = "", page: str = "") -> float:
        """Ask for a run and return the seconds until it is done, and whatever it asked to be run after it.

        Args:
            state: field and value of the widget that moved.
            widget: its id.
            fragment: in which it stands.
            page: to go to; its url path.
        """

        overtaken = False

        def done(finished: Finished) -> bool:
            nonlocal overtaken
            if overtaken or finished.status in (WHOLE, BROKEN):
                return True
            own = fragment in finished.fragments if fragment else not finished.fragments
            # What ends early asked for another run; or one began before the server could send that this one had ended.
            overtaken = own and finished.status == EARLY
            return own and finished.status == FRAGMENT

        return await self.until(done, lambda: self.send(state, widget, fragment, page))

    async def until(self, done: Callable[[Finished], bool], act: Callable[[], Any]) -> float:
        """Do something and return the seconds until a run has finished that ``done`` accepts."""
        finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiter = (done, finished)
        began = time.perf_counter()
        self._waiters.append(waiter)
        try:
            await act()
            await asyncio.wait_for(finished, PATIENCE_SECONDS)
        except TimeoutError as error:
            raise Trouble(f"no answer within {PATIENCE_SECONDS:g} s") from error
        except ConnectionClosed as error:
            raise Trouble(f"closed: {error}") from error
        finally:
            if waiter in self._waiters:
                self._waiters.remove(waiter)
        return time.perf_counter() - began

    async def send(
        self, state: State | None = None, widget: str = "", fragment: str = "", page: str = "", auto: bool = False
    ) -> None:
        """Ask for a run as a browser does."""
        message = BackMsg()
        asked = message.rerun_script
        if page:  # the link's other parts stay with the server's session
            self.page, self.query = page, ""
            asked.page_script_hash = self.pages[page]
        elif self.page_hash:
            asked.page_script_hash = self.page_hash
        else:
            asked.page_name = self.page
        asked.query_string, asked.fragment_id, asked.is_auto_rerun = self.query, fragment, auto
        asked.cached_message_hashes.extend(self._kept)
        asked.context_info.timezone, asked.context_info.locale = "Europe/Berlin", "en-US"
        asked.context_info.url, asked.context_info.color_scheme = f"{self.url}/{self.page}", "light"
        if state is not None:
            moved = asked.widget_states.widgets.add(id=widget)
            field, value = state
            if field.endswith("_array_value"):
                getattr(moved, field).data.extend(value)
            else:
                setattr(moved, field, value)
        assert self._socket is not None, "open() comes first"
        await self._socket.send(message.SerializeToString())

    def widget(self, key: str) -> tuple[str, Widget] | None:
        """Return id and widget of a key, where the page has drawn one."""
        return next(((name, found) for name, found in self.widgets.items() if name.endswith(f"-{key}")), None)

    def part(self, name: str) -> str:
        """Return a part of the link in the address bar."""
        return parse_qs(self.query).get(name, [""])[0]

    async def close(self) -> None:
        """Close the tab."""
        self._stop_polls()
        if self._socket is not None:
            await self._socket.close()
        if self._reader is not None:
            await asyncio.gather(self._reader, return_exceptions=True)

    def _get(self, path: str) -> None:
        request = urllib.request.Request(f"{self.url}/{path}", headers={"Cookie": self._cookie_header()})
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
                for line in answer.headers.get_all("Set-Cookie") or []:
                    self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
        except (URLError, OSError) as error:
            raise Trouble(f"/{path}: {error}") from error

    def _cookie_header(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    async def _read(self) -> None:
        assert self._socket is not None
        try:
            async for data in self._socket:
                message = ForwardMsg()
                message.ParseFromString(data if isinstance(data, bytes) else data.encode())
                self._take(message)
        except ConnectionClosed:
            pass
        finally:
            self._stop_polls()
            for _, finished in self._waiters:
                if not finished.done():
                    finished.set_exception(Trouble("the connection was closed"))

    def _take(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "ref_hash":
            kept = ForwardMsg()
            kept.CopyFrom(self._kept[message.ref_hash][0])
            kept.metadata.CopyFrom(message.metadata)
            message, kind = kept, kept.WhichOneof("type")
        elif message.metadata.cacheable:
            self._kept[message.hash] = (message, self.runs)
        if take := getattr(self, f"_take_{kind}", None):
            take(message)

    def _take_new_session(self, message: ForwardMsg) -> None:
        self._kept_runs = message.new_session.config.max_cached_message_age or self._kept_runs
        self.page_hash = message.new_session.page_script_hash or self.page_hash
        if not message.metadata.run.fragment_ids:
            self._stop_polls()
            self.widgets.clear()
            self.refusals.clear()
            self.texts.clear()

    def _take_navigation(self, message: ForwardMsg) -> None:
        pages = message.navigation.app_pages
        self.pages = {page.url_pathname or "race": page.page_script_hash for page in pages}
        self.page_hash = message.navigation.page_script_hash or self.page_hash
        self.page = next((name for name, known in self.pages.items() if known == self.page_hash), self.page)

    def _take_page_info_changed(self, message: ForwardMsg) -> None:
        self.query = message.page_info_changed.query_string

    def _take_delta(self, message: ForwardMsg) -> None:
        element = message.delta.new_element
        kind = element.WhichOneof("type")
        if kind == "exception":
            self.traces.append(f"{self.page}: {element.exception.type}")  # its words are in the server's log alone
        if kind == "text":
            self.texts.append(element.text.body)
        if kind == "alert" and element.alert.format == element.alert.ERROR:
            self.refusals.append(element.alert.body[:300])
        drawn = getattr(element, kind) if kind else None
        if name := getattr(drawn, "id", ""):
            self.widgets[name] = Widget(str(kind), drawn, message.delta.fragment_id)

    def _take_auto_rerun(self, message: ForwardMsg) -> None:
        fragment, seconds = message.auto_rerun.fragment_id, message.auto_rerun.interval
        if self.announced.get(fragment) == seconds:
            return
        self._stop_poll(fragment)
        self.announced[fragment] = seconds
        if self.polls:
            self._timers[fragment] = asyncio.create_task(self._poll(fragment, seconds))

    def _take_stop_auto_rerun(self, message: ForwardMsg) -> None:
        for fragment in message.stop_auto_rerun.fragment_ids:
            self._stop_poll(fragment)

    def _take_session_event(self, message: ForwardMsg) -> None:
        if message.session_event.WhichOneof("type") == "script_compilation_exception":
            self.traces.append(f"{self.page}: {message.session_event.script_compilation_exception.message}"[:300])

    def _take_script_finished(self, message: ForwardMsg) -> None:
        finished = Finished(message.script_finished, frozenset(message.metadata.run.fragment_ids))
        if finished.status == WHOLE:
            self.runs += 1
            old = [name for name, (_, run) in self._kept.items() if self.runs - run > self._kept_runs]
            for name in old:
                del self._kept[name]
        if finished.status == FRAGMENT:
            for fragment in finished.fragments & self._asked.keys():
                self.told(self.page, time.perf_counter() - self._asked.pop(fragment))
        for done, future in self._waiters:
            if not future.done() and done(finished):
                future.set_result(None)

    async def _poll(self, fragment: str, seconds: float) -> None:
        while True:
            await asyncio.sleep(seconds)
            self._asked.setdefault(fragment, time.perf_counter())
            try:
                await self.send(fragment=fragment, auto=True)
            except ConnectionClosed:
                return

    def _stop_polls(self) -> None:
        for fragment in list(self.announced):
            self._stop_poll(fragment)

    def _stop_poll(self, fragment: str) -> None:
        self.announced.pop(fragment, None)
        self._asked.pop(fragment, None)
        if timer := self._timers.pop(fragment, None):
            timer.cancel()

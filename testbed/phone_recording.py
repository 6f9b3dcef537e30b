"""``python -m testbed.phone_recording``: what Asterisk says of calls on agents' phones.

Each recording in ``tests/fixtures/ari/phones`` has a line for each event, as it came; for each look
(``GET /channels`` and ``/bridges``, and the variables that are read after a gap); and for what the
people did, `step`. ``README.md`` beside them says what is to be seen there.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import threading
import time
from collections.abc import Coroutine, Iterable
from pathlib import Path
from typing import Any, Final, Self

import aiohttp

from interact_ivr.ari.client import Access, AriError, Client
from testbed.conf import PASSWORD, USER
from testbed.contact_centre import ContactCentre
from testbed.fetch import bring
from testbed.phone_stories import STORIES, Scene, attended_transfer, hold, queue
from testbed.ports import LOOPBACK
from testbed.watched import NOBODY

FOLDER: Final = Path(__file__).parent.parent / "tests/fixtures/ari/phones"
SETTLE_SECONDS: Final = 0.5
TOLD: Final = (
    *("ChannelCreated", "ChannelDestroyed", "ChannelStateChange", "Dial"),
    *("ChannelEnteredBridge", "ChannelLeftBridge", "BridgeDestroyed", "BridgeMerged"),
    *("BridgeBlindTransfer", "BridgeAttendedTransfer", "ChannelHold", "ChannelUnhold"),
)
"""The types of events that are recorded; in all there are three times as many."""
VARIABLES: Final = ("CHANNEL(linkedid)", "CHANNEL(rtp,hold)", "CALLERID(pres)")


class Told:
    """Writes down what one ARI application is told, in a thread of its own."""

    def __init__(self, http_port: int, types: tuple[str, ...] = TOLD) -> None:
        access = Access(f"http://{LOOPBACK}:{http_port}/ari", USER, lambda: PASSWORD, "recorder")
        self.lines: list[dict[str, Any]] = []
        self._types = types
        self._client = Client(access)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._listening: asyncio.Task[None] | None = None

    def __enter__(self) -> Self:
        """Begin to listen."""
        self._thread.start()
        self._client.read_password()
        self._run(self._client.__aenter__())
        self.listen()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.cut()
        self._run(self._client.__aexit__())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def follow(self, story: Iterable[Scene]) -> None:
        """Write down what is done and what should be shown, behind the events that it made."""
        for scene in story:
            self.did(scene)

    def did(self, scene: Scene) -> None:
        """Write down a scene."""
        time.sleep(SETTLE_SECONDS)
        self.lines.append({"step": scene.step, "screens": dict(scene.screens)})

    def listen(self) -> None:
        """Open the websocket."""
        self._run(self._open())

    def cut(self) -> None:
        """Close it."""
        self._run(self._close())

    def look(self) -> None:
        """Write down what there is."""
        self._run(self._look())

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _open(self) -> None:
        socket = await self._client.listen(everything=True)
        wanted = {"allowed": [{"type": each} for each in self._types]}
        await self._client.ask("PUT", f"{self._client.application}/eventFilter", body=wanted)
        self._listening = asyncio.create_task(self._read(socket))

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                self.lines.append({"event": message.data})

    async def _close(self) -> None:
        if self._listening:
            self._listening.cancel()
            await asyncio.wait([self._listening])

    async def _look(self) -> None:
        channels = await self._client.ask("GET", "/channels")
        bridges = await self._client.ask("GET", "/bridges")
        variables = {
            f"{channel['id']} {name}": await self._variable(channel["id"], name)
            for channel in json.loads(channels.body)
            for name in VARIABLES
        }
        look = {"channels": channels.body.decode(), "bridges": bridges.body.decode()}
        self.lines.append({**look, "date": channels.date, "variables": variables})

    async def _variable(self, channel: str, name: str) -> str | None:
        try:
            answer = await self._client.ask(
                "GET", f"/channels/{channel}/variable", {"variable": name}
            )
        except AriError:
            return None
        return str(json.loads(answer.body)["value"])


def gap(told: Told, centre: ContactCentre) -> None:
    """The websocket is cut while it rings; the agent answers and holds, and it is open again."""
    story = hold.play(centre)
    told.did(next(story))
    told.cut()
    for _ in range(2):
        scene = next(story)
    told.listen()
    told.look()
    told.did(scene)
    told.follow(story)


def gap_while_ringing(told: Told, centre: ContactCentre) -> None:
    """It rings in the gap, and goes on behind it; a look does not show for whom."""
    told.cut()
    story = queue.play(centre)
    scene = next(story)
    told.listen()
    told.look()
    told.did(scene)
    told.follow(story)


def gap_until_the_end(told: Told, centre: ContactCentre) -> None:
    """The call is transferred and ends in the gap."""
    story = attended_transfer.play(centre)
    for _ in range(3):
        told.did(next(story))
    told.cut()
    *_, last = story
    told.listen()
    told.look()
    told.did(last)


GAPS: Final = {each.__name__: each for each in (gap, gap_while_ringing, gap_until_the_end)}


def main() -> None:
    """Record every story, or those that are named."""
    tools = bring()
    FOLDER.mkdir(parents=True, exist_ok=True)
    stories = {story.name: story.play for story in STORIES}
    for name in sys.argv[1:] or (*stories, *GAPS):
        with (
            tempfile.TemporaryDirectory(prefix="interact-ivr-recording-") as folder,
            ContactCentre(tools, Path(folder), f"{LOOPBACK}:{NOBODY}") as centre,
            Told(centre.pbx.http_port) as told,
        ):
            if name in GAPS:
                GAPS[name](told, centre)
            else:
                told.follow(stories[name](centre))
            time.sleep(SETTLE_SECONDS)
        text = "".join(json.dumps(line) + "\n" for line in told.lines)
        (FOLDER / f"{name}.jsonl").write_text(text, "utf-8")
        print(f"{name}: {len(told.lines)} lines")


if __name__ == "__main__":
    main()

"""``python -m testbed.recording``: what a real Asterisk says of calls, for tests without one.

Each recording in ``tests/fixtures/ari`` is a line for each event, as it came, or for each look: the
answers to ``GET /channels`` and ``/bridges``, with the Date header.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp

from interact_ivr.ari.client import Access, Client
from interact_ivr.ari.events import WANTED
from testbed.conf import PASSWORD, USER
from testbed.fetch import bring
from testbed.ivr import extensions
from testbed.pbx import Pbx
from testbed.ports import LOOPBACK
from testbed.sipp import Call, place_calls
from testbed.tools import Tools
from testbed.watched import ASKS_LATER, NOBODY, SLOW, STAYS

FOLDER = Path(__file__).parent.parent / "tests/fixtures/ari"
AT_ONCE = "380974520200"
SETTLE_SECONDS = 0.5


class Recorder:
    """Writes down what one ARI application is told."""

    def __init__(self, tools: Tools, pbx: Pbx, client: Client) -> None:
        self.client = client
        self.lines: list[dict[str, str | None]] = []
        self._tools = tools
        self._pbx = pbx

    async def listen(self, *, filtered: bool = True) -> None:
        """Register, and write down what comes, until cancelled."""
        socket = await self.client.listen(everything=True)
        if filtered:
            wanted = {"allowed": [{"type": each} for each in WANTED]}
            await self.client.ask("PUT", f"{self.client.application}/eventFilter", body=wanted)
        async for message in socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                self.lines.append({"event": message.data})

    async def look(self) -> None:
        """Write down what there is."""
        channels = await self.client.ask("GET", "/channels")
        bridges = await self.client.ask("GET", "/bridges")
        self.lines.append(
            {
                "channels": channels.body.decode(),
                "bridges": bridges.body.decode(),
                "date": channels.date,
            }
        )

    async def call(self, *calls: Call) -> None:
        """Place calls, and wait for their ends."""
        await asyncio.to_thread(place_calls, self._tools, self._pbx, calls)
        await asyncio.sleep(SETTLE_SECONDS)


async def whole_calls(recorder: Recorder) -> None:
    """One that asks at once, one later, one never, and one in a context that is none of ours."""
    await recorder.look()
    listening = asyncio.create_task(recorder.listen())
    await asyncio.sleep(SETTLE_SECONDS)
    await recorder.call(Call(AT_ONCE))
    await recorder.call(Call(ASKS_LATER), Call(STAYS, hang_up_after_seconds=1.5))
    listening.cancel()


async def everything(recorder: Recorder) -> None:
    """One call, as a user who may only read is told of it: every event there is."""
    listening = asyncio.create_task(recorder.listen(filtered=False))
    await asyncio.sleep(SETTLE_SECONDS)
    await recorder.call(Call(STAYS, hang_up_after_seconds=0.5))
    listening.cancel()


async def with_a_gap(recorder: Recorder) -> None:
    """A call that comes before the gap and ends in it, and one that comes in it and goes on."""
    listening = asyncio.create_task(recorder.listen())
    await asyncio.sleep(SETTLE_SECONDS)
    first = asyncio.create_task(recorder.call(Call(STAYS, hang_up_after_seconds=1.5)))
    await asyncio.sleep(2 * SETTLE_SECONDS)
    listening.cancel()
    await asyncio.sleep(SETTLE_SECONDS)
    second = asyncio.create_task(recorder.call(Call(STAYS, "2000", hang_up_after_seconds=5)))
    await first
    listening = asyncio.create_task(recorder.listen())
    await asyncio.sleep(SETTLE_SECONDS)
    await recorder.look()
    await second
    listening.cancel()


async def taken_over(recorder: Recorder) -> None:
    """Another connection registers the application."""
    listening = asyncio.create_task(recorder.listen())
    await asyncio.sleep(SETTLE_SECONDS)
    other = await recorder.client.listen(everything=True)
    await asyncio.sleep(SETTLE_SECONDS)
    listening.cancel()
    await other.close()


async def talking(recorder: Recorder) -> None:
    """A look at two that talk to each other: one dialed the other, in the context it came in by."""
    call = asyncio.create_task(recorder.call(Call("77", hang_up_after_seconds=3)))
    await asyncio.sleep(3 * SETTLE_SECONDS)
    await recorder.look()
    await call


async def dialing(recorder: Recorder) -> None:
    """A call that is put through by a trunk whose own calls come in by the same context."""
    listening = asyncio.create_task(recorder.listen())
    await asyncio.sleep(SETTLE_SECONDS)
    call = asyncio.create_task(recorder.call(Call("78", hang_up_after_seconds=1.5)))
    await asyncio.sleep(2 * SETTLE_SECONDS)
    await recorder.look()
    await call
    listening.cancel()


CASES: tuple[Callable[[Recorder], Awaitable[None]], ...] = (
    whole_calls,
    everything,
    with_a_gap,
    taken_over,
    talking,
    dialing,
)
TALKING = """
exten => 77,1,Dial(Local/answers@talking)
exten => 78,1,Dial(PJSIP/sipp/sip:nobody@127.0.0.1:9)
[talking]
exten => answers,1,Answer()
 same => n,Wait(60)
"""


async def record(tools: Tools, pbx: Pbx) -> None:
    """Write every case."""
    for case in CASES:
        access = Access(
            f"http://{LOOPBACK}:{pbx.http_port}/ari", USER, lambda: PASSWORD, "interact-ivr-test"
        )
        async with Client(access) as client:
            client.read_password()
            recorder = Recorder(tools, pbx, client)
            await case(recorder)
        text = "".join(json.dumps(line) + "\n" for line in recorder.lines)
        (FOLDER / f"{case.__name__}.jsonl").write_text(text, "utf-8")
        print(f"{case.__name__}: {len(recorder.lines)} lines")
        await asyncio.sleep(SETTLE_SECONDS)


def main() -> None:
    """Bring an Asterisk up, and record."""
    tools = bring()
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="interact-ivr-recording-") as folder:
        dialplan = extensions(f"{LOOPBACK}:{NOBODY}", f"{SLOW}\n[inbound]\n{TALKING}")
        with Pbx(tools, Path(folder), extensions=dialplan) as pbx:
            asyncio.run(record(tools, pbx))


if __name__ == "__main__":
    main()

"""``python -m testbed.recording_faults``: what real Asterisks say of calls while something fails.

The recordings are beside those of `testbed.recording`, and as they are, with lines for what failed:
``{"restarted": "service"}`` where nothing but the store is left of the one who listened, and
``{"refused": STATUS}`` for what ARI answered. Where there are two PBXes, each line says of which.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import ExitStack, asynccontextmanager, suppress
from pathlib import Path

from interact_ivr.ari.client import Access, AriError, Client
from testbed.conf import PASSWORD, USER
from testbed.fetch import bring
from testbed.ivr import extensions
from testbed.pbx import Pbx
from testbed.ports import LOOPBACK
from testbed.recording import FOLDER, SETTLE_SECONDS, Recorder
from testbed.sipp import Call, SippError, place_calls
from testbed.tools import Tools
from testbed.watched import NOBODY, SLOW, STAYS, change_password

Line = Mapping[str, str | None]
ENDS_SOON = Call(STAYS, "1000", hang_up_after_seconds=2.5)
GOES_ON = Call(STAYS, "2000", hang_up_after_seconds=5)
COMES_MEANWHILE = Call(STAYS, "3000", hang_up_after_seconds=4)


class Stage:
    """A running Asterisk, its callers, and what is written down of them."""

    def __init__(self, tools: Tools, pbx: Pbx) -> None:
        self.pbx = pbx
        self.lines: list[Line] = []
        self._tools = tools

    def call(self, call: Call) -> asyncio.Task[None]:
        """Place a call, whose end Asterisk may not live to see."""

        async def to_its_end() -> None:
            with suppress(SippError):
                await asyncio.to_thread(place_calls, self._tools, self.pbx, [call])

        return asyncio.create_task(to_its_end())

    @asynccontextmanager
    async def listening(self, password: str = PASSWORD) -> AsyncIterator[Recorder]:
        """Write down what comes, until the end of ``with``."""
        url = f"http://{LOOPBACK}:{self.pbx.http_port}/ari"
        async with Client(Access(url, USER, lambda: password, "interact-ivr-test")) as client:
            client.read_password()
            recorder = Recorder(self._tools, self.pbx, client)
            listening = asyncio.create_task(recorder.listen())
            await settle()
            try:
                yield recorder
                await settle()
            finally:
                listening.cancel()
                self.lines += recorder.lines


async def settle() -> None:
    """Let what was begun come through."""
    await asyncio.sleep(SETTLE_SECONDS)


async def two(stage: Stage) -> list[asyncio.Task[None]]:
    """Place two calls, one after the other."""
    calls = []
    for call in (ENDS_SOON, GOES_ON):
        calls.append(stage.call(call))
        await settle()
    return calls


async def asterisk_restarts(stage: Stage) -> None:
    """In mid-call; as soon as it is back somebody calls again, before anybody listens."""
    async with stage.listening():
        cut_off = stage.call(GOES_ON)
        await settle()
        stage.pbx.kill()
    stage.pbx.start()
    again = stage.call(COMES_MEANWHILE)
    await settle()
    async with stage.listening() as recorder:
        await recorder.look()
        await again
    await cut_off


async def service_restarts(stage: Stage) -> None:
    """One call ends while it is away, one comes, and one goes on over it."""
    async with stage.listening():
        calls = await two(stage)
    stage.lines.append({"restarted": "service"})
    calls.append(stage.call(COMES_MEANWHILE))
    await calls[0]
    async with stage.listening() as recorder:
        await recorder.look()
        await asyncio.gather(*calls)


async def ari_user_changes(stage: Stage) -> None:
    """The same, until the new password is known."""
    async with stage.listening() as recorder:
        calls = await two(stage)
        change_password(stage.pbx, "another")
        try:
            await recorder.look()
        except AriError as error:
            recorder.lines.append({"refused": str(error.status)})
    calls.append(stage.call(COMES_MEANWHILE))
    await calls[0]
    async with stage.listening("another") as recorder:
        await recorder.look()
        await asyncio.gather(*calls)


async def two_pbxes(one: Stage, two: Stage) -> list[Line]:
    """The same number is called over both; the first call ends while the second goes on."""
    async with one.listening(), two.listening():
        await asyncio.gather(one.call(ENDS_SOON), two.call(COMES_MEANWHILE))
    lines = [
        {**line, "pbx": name} for name, of in (("one", one), ("two", two)) for line in of.lines
    ]
    return sorted(lines, key=lambda line: str(json.loads(line["event"] or "")["timestamp"]))


CASES: tuple[Callable[[Stage], Coroutine[None, None, None]], ...] = (
    asterisk_restarts,
    service_restarts,
    ari_user_changes,
)


def write(case: str, lines: list[Line]) -> None:
    """Write a recording."""
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (FOLDER / f"{case}.jsonl").write_text(text, "utf-8")
    print(f"{case}: {len(lines)} lines, {len(text)} bytes")


def main() -> None:
    """Bring Asterisks up, one for each case and two for the last, and record."""
    tools = bring()
    dialplan = extensions(f"{LOOPBACK}:{NOBODY}", SLOW)
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="interact-ivr-recording-"))

        def stage(name: str) -> Stage:
            pbx = Pbx(tools, Path(folder) / name, extensions=dialplan)
            return Stage(tools, stack.enter_context(pbx))

        for case in CASES:
            here = stage(case.__name__)
            asyncio.run(case(here))
            write(case.__name__, here.lines)
        write("two_pbxes", asyncio.run(two_pbxes(stage("one"), stage("two"))))


if __name__ == "__main__":
    main()

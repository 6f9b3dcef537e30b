"""Which environment sees which PBX's extensions: those on which its calls come in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import pytest

from interact_ivr.config_pbx import PbxConfig
from interact_ivr.directories import PbxDirectories
from interact_ivr.domain.names import EnvironmentName
from interact_ivr.metrics import Metrics
from testbed.ami_peer import REFUSED, AmiPeer, Conversation, ami
from testbed.leftovers import nothing_left
from testbed.ports import LOOPBACK

DEFAULT, LIVE, TEST, OTHER = (
    EnvironmentName(name) for name in ("default/default", "acme/live", "acme/test", "beta/live")
)
ENVIRONMENTS = (DEFAULT, LIVE, TEST, OTHER)
QUEUE = (
    "Response: Success\r\nEventList: start\r\n\r\nEvent: QueueParams\r\nQueue: {}\r\n\r\n"
    "Event: QueueStatusComplete\r\nEventList: Complete\r\n\r\n"
)
ITS_OWN, OF_ALL = "600{}", "6999"
"""The queue of each PBX alone, by its number; and one that each has."""


@pytest.fixture(autouse=True)
async def leaves_nothing() -> AsyncIterator[None]:
    """No task, no descriptor, no error that nobody caught."""
    async with nothing_left():
        yield


def pbx(number: int) -> Conversation:
    """Make a PBX that has the queues of *number*, and nothing else."""

    async def converse(peer: AmiPeer) -> None:
        own, last = ITS_OWN.format(number), "Event: QueueStatusComplete"
        listed = QUEUE.format(own).replace(
            last, f"Event: QueueParams\r\nQueue: {OF_ALL}\r\n\r\n{last}"
        )
        asked = ("PJSIPShowEndpoints", "VoicemailUsersList", "Parkinglots", "ExtensionStateList")
        peer.says = {
            **dict.fromkeys(asked, REFUSED),
            "ShowDialPlan": REFUSED,
            "QueueStatus": listed,
        }
        await peer.welcome()
        await peer.serve()

    return converse


@asynccontextmanager
async def known(folder: Path, contexts: Sequence[Sequence[str]]) -> AsyncIterator[PbxDirectories]:
    """Give the directories of a PBX for each of *contexts*, once all are read."""
    secret = folder / "secret"
    secret.touch(0o600)
    async with AsyncExitStack() as stack:
        ports = [
            await stack.enter_async_context(ami(pbx(number))) for number in range(len(contexts))
        ]
        configured = [
            PbxConfig(
                f"pbx{at}", tuple(names), ami_host=LOOPBACK, ami_port=port, ami_secret=str(secret)
            )
            for at, (names, port) in enumerate(zip(contexts, ports, strict=True))
        ]
        unasked = PbxConfig("unasked", ("inbound", "from-acme@acme/live"), ami_host="")
        directories = PbxDirectories([unasked, *configured], Metrics("1"))
        task = asyncio.create_task(directories.run())
        try:
            async with asyncio.timeout(5):
                for _ in iter(lambda: any(fact["missing"] for fact in directories.facts()), False):
                    await asyncio.sleep(0.005)
            yield directories
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


def seen(directories: PbxDirectories, default: EnvironmentName) -> Mapping[str, str]:
    """Give for each environment the numbers of the PBXes whose own queue it sees."""
    return {
        each: "".join(
            str(number)
            for number in range(9)
            if directories.of(each, default).owner(ITS_OWN.format(number))
        )
        for each in ENVIRONMENTS
    }


@pytest.mark.parametrize(
    ("contexts", "default", "who"),
    [
        (["inbound"], DEFAULT, {DEFAULT}),
        (["inbound"], LIVE, {LIVE}),
        (["from-acme@acme/live"], DEFAULT, {LIVE}),
        (["from-acme@acme/live"], LIVE, {LIVE}),
        (["inbound", "from-acme@acme/live"], DEFAULT, {DEFAULT, LIVE}),
        (["inbound", "from-acme@acme/live"], LIVE, {LIVE}),
        (["from-acme@acme/live", "from-beta@beta/live"], DEFAULT, {LIVE, OTHER}),
        (["inbound@default/default"], LIVE, {DEFAULT}),
        (["from-acme@acme/live", "tests@acme/test"], OTHER, {LIVE, TEST}),
        (["inbound@gone/live"], DEFAULT, set()),
        ([], DEFAULT, set()),
    ],
)
async def test_an_environment_sees_the_pbxes_on_which_its_calls_come_in(
    tmp_path: Path, contexts: list[str], default: EnvironmentName, who: set[EnvironmentName]
) -> None:
    """A context that names none is the default environment's, which is what is configured now."""
    async with known(tmp_path, [contexts]) as directories:
        expected = {each: "0" if each in who else "" for each in ENVIRONMENTS}
        assert seen(directories, default) == expected
        assert directories.of(EnvironmentName("gone/test"), default).owner(OF_ALL) is None


async def test_pbxes_are_told_apart(tmp_path: Path) -> None:
    """Two tenants' PBXes, one that both share, and one that nobody has: each as configured."""
    contexts = [
        ["inbound"],
        ["a@acme/live"],
        ["b@acme/live", "inbound"],
        ["c@gone/live"],
        ["t@acme/test"],
    ]
    async with known(tmp_path, contexts) as directories:
        assert seen(directories, DEFAULT) == {DEFAULT: "02", LIVE: "12", TEST: "4", OTHER: ""}
        assert seen(directories, OTHER) == {DEFAULT: "", LIVE: "12", TEST: "4", OTHER: "02"}
        for each in (DEFAULT, LIVE, TEST):
            assert directories.of(each, DEFAULT).owner(OF_ALL) is not None
        assert directories.of(OTHER, DEFAULT).owner(OF_ALL) is None

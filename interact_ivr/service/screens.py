"""What a screen is told: the state at once, then each change; a slow one gets the newest alone."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager

from interact_ivr.domain.phone_calls import AgentCall
from interact_ivr.service.phones import Phone


class Screen:
    """One reader of one phone: an iterator that does not end by itself."""

    def __init__(self, look: Callable[[], AgentCall | None]) -> None:
        """*look* gives what is to be shown now."""
        self._look = look
        self._shown: tuple[AgentCall | None, ...] = ()
        """What was shown last; empty: nothing yet."""
        self._stirred = asyncio.Event()
        self._stirred.set()

    def stir(self) -> None:
        """Have it look again."""
        self._stirred.set()

    def __aiter__(self) -> AsyncIterator[AgentCall | None]:
        return self

    async def __anext__(self) -> AgentCall | None:
        """Give what is shown once that is another than was given last; None: no call."""
        while True:
            await self._stirred.wait()
            self._stirred.clear()
            shown = (self._look(),)
            if shown != self._shown:
                self._shown = shown
                return shown[0]


class Screens:
    """All screens that are watched now."""

    def __init__(self) -> None:
        self._of: dict[Phone, set[Screen]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._of.values()))

    def stir(self, phone: Phone) -> None:
        """Tell those of *phone* that something has changed."""
        for screen in self._of.get(phone, ()):
            screen.stir()

    @contextmanager
    def watching(self, phone: Phone, look: Callable[[], AgentCall | None]) -> Iterator[Screen]:
        """Have a screen of *phone* for as long as the context lasts."""
        screen = Screen(look)
        screens = self._of.setdefault(phone, set())
        screens.add(screen)
        try:
            yield screen
        finally:
            screens.discard(screen)
            if not screens and self._of.get(phone) is screens:
                del self._of[phone]

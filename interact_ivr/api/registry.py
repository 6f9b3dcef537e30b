"""The operator's registry of interactions, asked over HTTP before one is allocated to."""

from types import TracebackType
from typing import Self
from urllib.parse import quote

from aiohttp import ClientError, ClientSession, ClientTimeout

from interact_ivr.domain.errors import StoreUnavailable

PLACE = "{id}"
_WITHIN = ClientTimeout(total=2.0)
_KNOWN, _UNKNOWN = range(200, 300), (404, 410)
_STEPS = (".", "..")
"""In a path they are not names: the registry would be asked about something else."""


class Registry:
    """Knows which interactions there are: 2xx says yes, 404 and 410 say no."""

    def __init__(self, url: str) -> None:
        """*url* has ``{id}`` where the interaction's id goes."""
        self._url = url
        self._session = ClientSession(timeout=_WITHIN)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        await self._session.close()

    async def knows(self, interaction: str) -> bool:
        """Say whether there is such an interaction.

        Raises:
            StoreUnavailable: the registry did not say; nothing is allocated on a guess.
        """
        if interaction in _STEPS:
            return False
        url = self._url.replace(PLACE, quote(interaction, safe=""))
        try:
            async with self._session.get(url, allow_redirects=False) as answer:
                if answer.status in _KNOWN:
                    return True
                if answer.status in _UNKNOWN:
                    return False
                reason = f"it answered {answer.status}"
        except (TimeoutError, ClientError, OSError) as error:
            raise StoreUnavailable(f"the interaction registry: {error!r}") from error
        raise StoreUnavailable(f"the interaction registry: {reason}")

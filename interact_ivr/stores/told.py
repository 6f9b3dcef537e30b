"""What calls were told, in a store: all of it is read."""

from functools import partial

from interact_ivr.domain.names import CallRef
from interact_ivr.domain.phone_calls import Told
from interact_ivr.stores.operations.told import told
from interact_ivr.stores.transaction import Reading


class StoredTold:
    """The `ToldStore` over either kind of store."""

    def __init__(self, reader: Reading) -> None:
        self._reader = reader

    async def told(self, call: CallRef) -> Told | None:
        """Give what *call* was told last."""
        return await self._reader.run(partial(told, call))

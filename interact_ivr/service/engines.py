"""The engines of the dial plans that count: a plan that reads as before keeps what it remembers."""

from weakref import WeakValueDictionary

from dialplan import Engine, load_plan


class Engines:
    """Loads dial plans by their names."""

    def __init__(self) -> None:
        self._in_use: WeakValueDictionary[str, Engine] = WeakValueDictionary()

    def load(self, name: str) -> Engine:
        """Read a plan anew, and give an engine for it: the one in use, where the plan is the same.

        Raises:
            PlanError: it cannot be used; all its faults.
        """
        plan = load_plan(name)
        known = self._in_use.get(name)
        if known is not None and known.plan == plan:
            return known
        engine = self._in_use[name] = Engine(plan)
        return engine

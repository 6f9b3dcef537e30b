"""The dial plan: what a dialed or calling number is, under which key it is stored and found.

It is not the Asterisk dialplan (`extensions.conf`): it routes nothing, dials nothing and reads
nothing but the plan's file. The package stands alone, on `phonenumbers` and the standard library.

    >>> from dialplan import Engine, load_plan
    >>> engine = Engine(load_plan("nanp"))
    >>> engine.normalize("1-800-FLOWERS")
    '+18003569377'
    >>> engine.lookup_keys("6929")
    ('6929', '/6929')
"""

from dialplan.engine import Engine
from dialplan.faults import Fault, PlanError
from dialplan.plan import Plan
from dialplan.plan_file import load_plan
from dialplan.text import MAX_LENGTH, NotANumber, clean

__all__ = [
    "MAX_LENGTH",
    "Engine",
    "Fault",
    "NotANumber",
    "Plan",
    "PlanError",
    "clean",
    "load_plan",
]

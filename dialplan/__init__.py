"""The dial plan: what a dialed or calling number is, under which key it is stored and found.

It is not the Asterisk dialplan (`extensions.conf`): it routes nothing, dials nothing and reads
nothing but the plan's file. The package stands alone, on `phonenumbers` and the standard library.

    >>> from dialplan import Engine, load_plan
    >>> engine = Engine(load_plan("nanp"))
    >>> engine.normalize("1-800-FLOWERS")
    '+18003569377'
    >>> engine.lookup_keys("6929")
    ('6929', '/6929')
    >>> engine.resolve("800 456 2354").display_text
    '(Toll Free) 1 (800) 456-2354'

`python -m dialplan NUMBER` says why a number is what it is.
"""

from dialplan.details import Details, QueueType
from dialplan.directory import NOBODYS, Directories, Directory, Owner, StaticDirectory
from dialplan.engine import Engine
from dialplan.explain import Explanation
from dialplan.faults import Fault, PlanError
from dialplan.plan import Plan
from dialplan.plan_file import load_plan, shipped_plans
from dialplan.text import MAX_LENGTH, NotANumber, clean

__all__ = [
    "MAX_LENGTH",
    "NOBODYS",
    "Details",
    "Directories",
    "Directory",
    "Engine",
    "Explanation",
    "Fault",
    "NotANumber",
    "Owner",
    "Plan",
    "PlanError",
    "QueueType",
    "StaticDirectory",
    "clean",
    "load_plan",
    "shipped_plans",
]

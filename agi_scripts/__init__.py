"""What a call does: one short file a script. ``agi://127.0.0.1:4573/<script>`` runs it."""

from agi_scripts.free_number import free_number
from agi_scripts.health import health
from agi_scripts.number_details import number_details
from agi_scripts.retrieve_interaction import retrieve_interaction

__all__ = ["free_number", "health", "number_details", "retrieve_interaction"]

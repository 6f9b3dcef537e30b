"""``python -m interact_ivr`` is the command ``interact-ivr``."""

from interact_ivr.cli import main

main(prog_name="interact-ivr")

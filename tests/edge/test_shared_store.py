"""Two services on one PostgreSQL, run as an administrator runs them."""

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from testbed.agi_peer import AgiPeer
from testbed.fetch import bring_postgres
from testbed.ports import PortBlock
from testbed.postgres import Cluster, cluster
from testbed.service import Service, ServiceError

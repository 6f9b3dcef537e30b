"""Headers: who asks, by credentials, cookies and proxies, and what a body is said to be.

An input is a request's headers as they come over the wire, the first line its path; aiohttp's
parser reads them, as in the service.
"""

from __future__ import annotations

import asyncio
import re
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final
from unittest.mock import Mock

from aiohttp import HttpVersion11, web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.http_parser import HttpRequestParser, RawRequestMessage
from aiohttp.test_utils import make_mocked_request

from dialplan import Engine, load_plan
from fuzzing.target import Target
from interact_ivr.api.bodies import read_json, read_parameters
from interact_ivr.api.credentials import Credentials
from interact_ivr.api.icws.guarding import IcwsGuard, cookies_of, wants_events
from interact_ivr.api.icws.sessions import Sessions
from interact_ivr.api.icws.settings import Settings
from interact_ivr.api.icws.wire import DetailsQuery
from interact_ivr.api.own_forms import check_ours
from interact_ivr.api.routes import COOKIE, Needs
from interact_ivr.api.signing_in import SignIn
from interact_ivr.api.sources import Sources, networks, owner
from interact_ivr.domain.access import Grant, Role, kept_token
from interact_ivr.domain.directory import (
    Change,
    Directory,
    KnownApplication,
    KnownEnvironment,
    KnownKey,
    KnownToken,
    KnownUser,
)
from interact_ivr.domain.errors import Refusal
from interact_ivr.domain.names import SAFE, ApplicationId, EnvironmentId, EnvironmentName
from interact_ivr.domain.settings import PoolSettings
from interact_ivr.domain.values import Policy
from interact_ivr.service.access import Access
from interact_ivr.service.environments import Defaults, Environments

_NOON: Final = datetime(2026, 5, 4, 12, tzinfo=UTC)

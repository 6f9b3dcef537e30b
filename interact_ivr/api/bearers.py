"""Who a token makes of whoever shows it, in a header or by a page's cookie."""

from collections.abc import Collection
from functools import partial

from interact_ivr.api.routes import Who
from interact_ivr.domain.access import Role, kept_token
from interact_ivr.domain.errors import NotPermitted, Unauthenticated
from interact_ivr.service.access import Access


def check_role(who: Who, roles: Collection[Role]) -> None:
    """Raise `NotPermitted` where a token's bearer has none of these *roles*."""
    if who.grant is None or who.grant.role not in roles:
        raise NotPermitted


def bearer_of(token: str, access: Access) -> Who:
    """Say who shows *token*, whatever its role; raise `Unauthenticated` where it is none."""
    grant = access.grant(token)
    if grant is None:
        raise Unauthenticated
    user = f"token {kept_token(token).prefix}"
    still = partial(access.has, token, grant)
    return Who(grant.environment, grant.application, user, grant, still)

"""Who a token makes of whoever shows it, in a header or by a page's cookie."""

from collections.abc import Collection
from functools import partial

from interact_ivr.api.routes import Who
from interact_ivr.domain.access import Role, kept_token
from interact_ivr.domain.errors import NotPermitted, Unauthenticated
from interact_ivr.service.access import Access


def who_has(token: str, roles: Collection[Role], access: Access) -> Who:
    """Say who shows *token*.

    Raises:
        Unauthenticated: it is good for nothing.
        NotPermitted: it is none of these *roles*.
    """
    grant = access.grant(token)
    if grant is None:
        raise Unauthenticated
    if grant.role not in roles:
        raise NotPermitted
    user = f"token {kept_token(token).prefix}"
    still = partial(access.has, token, grant)
    return Who(grant.environment, grant.application, user, grant, still)

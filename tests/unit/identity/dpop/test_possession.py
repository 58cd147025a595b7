"""Which tokens must be checked; `tests/attacks/test_dpop.py` has what is refused."""

import pytest

from gateway.config.model import Dpop
from gateway.identity.dpop.possession import Possession
from gateway.identity.dpop.replay import ReplayCache
from gateway.identity.principal import Confirmation, Principal
from gateway.oauth.bearer import Credentials, Presented
from gateway.resilience.clocks import Clocks

FREE = Principal("https://idp.example", "ada")
BOUND = Principal("https://idp.example", "ada", confirmation=Confirmation(key_thumbprint="x"))


@pytest.mark.requirement("153")
@pytest.mark.parametrize(
    ("settings", "scheme", "principal", "concerned"),
    [
        (Dpop(), "Bearer", FREE, False),
        (Dpop(), "DPoP", FREE, True),
        (Dpop(), "Bearer", BOUND, True),
        (Dpop(mode="off"), "Bearer", BOUND, True),
        (Dpop(mode="required"), "Bearer", FREE, True),
    ],
)
def test_what_is_bound_shown_as_bound_or_must_be_is_checked(
    settings: Dpop, scheme: Presented, principal: Principal, concerned: bool
) -> None:
    possession = Possession(settings, "https://gw.example/mcp", ReplayCache(Clocks(), 60.0))

    assert possession.concerns(Credentials(scheme, "t"), principal) is concerned

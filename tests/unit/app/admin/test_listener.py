"""The admin listener."""

import pytest

from tests.support.raw_http import exchange
from tests.support.rig import running_rig


@pytest.mark.requirement("O3")
@pytest.mark.parametrize("path", ["/metrics", "/readyz", "/livez"])
async def test_what_operators_need_is_on_the_admin_port_only(path: str) -> None:
    async with running_rig() as rig:
        request = rig.request("GET", path)

        assert (await exchange(rig.admin_port, request)).status == 200
        assert (await rig.send(request)).status == 404

import pytest

from gateway.identity.provider.address_guard import AddressForbidden, AddressGuard
from gateway.identity.provider.guarded_resolver import GuardedResolver
from tests.support.name_service import NameService
from tests.support.special_addresses import PUBLIC_ADDRESSES

PUBLIC = PUBLIC_ADDRESSES[0]


def _resolver(guard: AddressGuard, *answers: str) -> tuple[GuardedResolver, NameService]:
    names = NameService({"docs.example": [answers]})
    return GuardedResolver(AddressGuard(guard.allowed, lambda: names)), names


async def test_what_was_looked_at_is_what_is_dialled() -> None:
    resolver, names = _resolver(AddressGuard(), PUBLIC, PUBLIC_ADDRESSES[-1])

    found = await resolver.resolve("docs.example", 443)

    assert [each["host"] for each in found] == [PUBLIC, PUBLIC_ADDRESSES[-1]]
    assert names.asked == ["docs.example"]


@pytest.mark.requirement("F12")
@pytest.mark.parametrize("answers", [(PUBLIC, "10.0.0.1"), ("::1", PUBLIC)])
async def test_one_forbidden_address_of_several_is_too_many(answers: tuple[str, ...]) -> None:
    resolver, _ = _resolver(AddressGuard(), *answers)

    with pytest.raises(AddressForbidden):
        await resolver.resolve("docs.example", 443)
    await resolver.close()

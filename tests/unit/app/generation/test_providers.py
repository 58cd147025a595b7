"""What asks one service of an issuer."""

from contextlib import AsyncExitStack, suppress

from gateway.app.generation.providers import open_provider
from gateway.errors import IdentityUnavailable
from gateway.identity.keys.sources import IdentityServices
from gateway.identity.provider.fetch import Answer, Call
from gateway.identity.provider.question import Question, Sample
from gateway.resilience.single_flight import SingleFlight
from tests.support.ports import reserved_port


async def test_each_has_a_circuit_of_its_own_and_is_counted(flights: SingleFlight) -> None:
    asked: list[tuple[str, ...]] = []
    around = IdentityServices(flights, on_asked=lambda *told: asked.append(told))
    with reserved_port() as nobody:
        url = f"http://127.0.0.1:{nobody}/x"
        async with AsyncExitStack() as stack:
            one = await open_provider("corp", "introspection", 1.0, around, stack)
            other = await open_provider("corp", "userinfo", 1.0, around, stack)
            sample = Sample(lambda: Call(url), lambda answer: True)
            with suppress(IdentityUnavailable):
                await one.ask(Question(Call(url), _is_fine, sample))

    assert one.breaker is not other.breaker
    assert asked == [("corp", "introspection", "failed")]


def _is_fine(answer: Answer) -> bool:
    return answer.status == 200

"""What an expression may cost, by its text and by the size of what it looks at."""

import pytest

from gateway.config.expression_cost import Cost, TooCostly, cost_of, sizes

pytestmark = pytest.mark.requirement("A17")


@pytest.mark.parametrize(
    ("text", "power"),
    [
        ("true", 0),
        ("args.a == caller.email && size(args.b) <= 20", 0),
        ("has(args.a) && args.a == '.map(x, y.map(z, [1'", 0),
        (r"""args.a == r'\' && args.b == '\'.all(x, true)' """, 0),
        ("true // args.a.all(x, true)", 0),
        ("args.a.all(x, x < 10)", 1),
        ("args . a . exists_one ( x , x < 10 )", 1),
        ("args.a.all(x, x in args.b)", 2),
        ("args.a.all(x, size(args.b) > x)", 2),
        ("args.a.all(x, args.b.all(y, x != y))", 2),
        ("args.a.all(x, x.all(y, y.all(z, z > 0)))", 3),
        ("args.a.filter(x, x > 3).size() > 1", 2),
        ("args.a.map(x, x + 1).size() > 1", 2),
        ("args.a.map(x, [args.b]).size() > 1", 3),
        ("args.a.filter(x, x > 3).all(y, y < 9)", 2),
        ("args.all(k, k != 'a')", 1),
    ],
)
def test_loops_inside_each_other_and_copies_multiply(text: str, power: int) -> None:
    assert cost_of(text).power == power


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("args.a.all(x, x.all(y, y.all(z, z.all(w, w > 0))))", "nested too deeply"),
        ("args.a.map(x, args.a.map(y, args.a)).size() > 0", "nested too deeply"),
        ("args.a.map(x, args.a).map(y, args.a).size() > 0", "nested too deeply"),
        ("args.a.matches(args.b)", "as a literal"),
        ("'a'.matches('x' + args.b)", "as a literal"),
        ("args.a.all(x, x.matches('a{100}'))", "no counted repetition"),
    ],
)
def test_what_no_size_could_bound_is_refused_at_load(text: str, message: str) -> None:
    with pytest.raises(TooCostly, match=message):
        cost_of(text)


def test_a_regular_expression_in_a_loop_is_compiled_at_each_step() -> None:
    assert cost_of("args.a.matches('^a{3}$')").factor == 1
    assert cost_of("args.a.all(x, x.matches('^a+$'))").factor == 200
    assert cost_of(r"args.a.all(x, x.matches(r'^\w+$'))").factor == 4000
    assert cost_of("args.a.all(x, x > 1) && args.b.all(x, x > 1)").factor == 2


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("tool == 'args.b'", frozenset[str]()),
        ("args.a == 1 && has(args.b.c)", frozenset({"a", "b"})),
        ("caller.args == args.a", frozenset({"a"})),
        ("args['a'] == 1", None),
        ("args == {}", None),
        ("size(args) == args.a", None),
    ],
)
def test_only_arguments_that_are_named_are_looked_at(
    text: str, arguments: frozenset[str] | None
) -> None:
    assert cost_of(text).arguments == arguments


def test_the_larger_the_power_the_smaller_the_input() -> None:
    largest = [
        max(size for size in range(0, 40_000, 10) if Cost(power, 1, None).is_within_limit(size, 0))
        for power in range(4)
    ]

    assert largest == [29990, 27270, 540, 60]
    assert not Cost(2, 1, None).is_within_limit(10, 200_000)


def test_sizes_are_those_of_every_depth() -> None:
    assert sizes([{"ab": ["c", 1, {"d": None}]}, "efg", None]) == (8, 7)

"""Account members, whom no filter by time finds: from the latest change down, in slices past the wall."""

from collections import Counter
from collections.abc import Iterable
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from store_list import START, Document, StoreList, names, row

from commerce_events.domain.errors import ConfigurationError, TransientError
from commerce_events.sources.elasticpath.paging import Limits, Portion
from commerce_events.sources.elasticpath.slices import Slices
from commerce_events.sources.elasticpath.span import Span
from commerce_events.sources.elasticpath.streams import MEMBERS

LETTERS = "aaabbcdefmnosxyz01._-+"


def read(store: StoreList, **limits: int) -> list[Portion]:
    span, limited = Span.changed_since(START), Limits(**{"page": 10, "passes": 400, **limits})
    return list(Slices(store, span, limited, MEMBERS).portions())


def members(emails: Iterable[str | None], dice: Random | None = None) -> list[Document]:
    dice = dice or Random(1)
    return [row(f"m-{n}", 0, dice.randrange(1, 5_000), email=email) for n, email in enumerate(emails)]


def some_emails(dice: Random, count: int) -> list[str]:
    return [f"{''.join(dice.choices(LETTERS, k=dice.randrange(1, 9)))}@example.com" for _ in range(count)]


def ids(rows: Iterable[Document]) -> set[str]:
    return {one["id"] for one in rows}


changed = st.lists(st.integers(-300, 300) | st.integers(0, 5) | st.integers(100, 102), max_size=120)


@given(seconds=changed, seed=st.integers(0, 1000), page=st.integers(2, 12), most=st.integers(2, 12))
@settings(max_examples=120, deadline=None)
def test_everyone_changed_since_the_start_comes_once_whatever_the_ties(
    seconds: list[int], seed: int, page: int, most: int
) -> None:
    store = StoreList([row(f"m-{n}", -900, at) for n, at in enumerate(seconds)], seed=seed, most=most)

    found = names(read(store, page=page))

    assert found == Counter(f"m-{n}" for n, at in enumerate(seconds) if at >= 0)


def test_an_empty_store_still_tells_its_time() -> None:
    (only,) = read(StoreList([]))

    assert (only.rows, only.served_at) == ((), START)


def test_reading_stops_below_the_start_however_many_members_there_are() -> None:
    before = [row(f"old-{n}", -9_000, -n - 1, email="a@example.com") for n in range(300)]
    store = StoreList([row("new", 0), *before], wall=100)

    assert names(read(store, wall=100)) == {"new": 1}
    assert store.asked == [("", 0, 10)]


def test_changes_that_fit_before_the_last_offset_need_no_slices() -> None:
    before = [row(f"old-{n}", -9_000, -n - 1, email="a@example.com") for n in range(300)]
    store = StoreList([*(row(f"new-{n}", n) for n in range(45)), *before], wall=100)

    assert len(names(read(store, wall=100))) == 45
    assert {filters for filters, _offset, _limit in store.asked} == {""}
    assert len(store.asked) < 10


@pytest.mark.parametrize("seed", range(40))
def test_members_that_change_come_or_go_while_they_are_read_cost_no_other_member(seed: int) -> None:
    dice = Random(seed)
    seconds = [dice.choice((dice.randrange(-200, 2_000), dice.randrange(8), 100)) for _ in range(150)]
    store = StoreList([row(f"m-{n}", -900, at) for n, at in enumerate(seconds)], seed=seed)
    still = ids(one for one, at in zip(store.rows, seconds, strict=True) if at >= 0)

    def disturb() -> None:
        match dice.randrange(4):
            case 0:
                store.rows.append(row(f"new-{len(store.asked)}", 3_000 + len(store.asked)))
            case 1:
                touched = dice.choice(store.rows)
                store.touch(touched, 3_000 + len(store.asked))
                still.discard(touched["id"])
            case 2 if store.rows:
                still.discard(store.rows.pop(dice.randrange(len(store.rows)))["id"])

    store.before_each = disturb
    found = names(read(store))
    store.before_each = lambda: None
    later = ids(
        one for one in store.rows if one["meta"]["timestamps"]["updated_at"] >= "2026-03-01T12:50:00Z"
    )

    assert still <= set(found)
    assert later <= set(names(read(store)))


def test_a_list_that_loses_many_of_its_newest_rows_at_once_is_read_again_from_before_the_gap() -> None:
    store = StoreList([row(f"m-{n}", 0, 1_000 - n) for n in range(100)])

    def lose() -> None:
        if len(store.asked) == 4:
            del store.rows[:25]

    store.before_each = lose

    assert ids(store.rows) <= set(names(read(store)))


@pytest.mark.parametrize("seed", range(6))
def test_more_members_than_the_store_shows_of_one_result_are_read_in_slices(seed: int) -> None:
    dice = Random(seed)
    store = StoreList(members(some_emails(dice, 700), dice), seed=seed, wall=100)

    assert set(names(read(store, wall=100))) == ids(store.rows)


def test_a_member_with_a_broken_text_is_met_like_all_others() -> None:
    dice = Random(1)
    store = StoreList(members(some_emails(dice, 300), dice), seed=1, wall=100)
    store.garbled = set(dice.sample(sorted(ids(store.rows)), 30))

    assert set(names(read(store, wall=100))) == ids(store.rows)


def test_no_more_is_asked_than_a_walk_and_a_census_need() -> None:
    store = StoreList(members(f"{letter}{n}@example.com" for letter in "abcd" for n in range(80)), wall=100)

    assert set(names(read(store, wall=100))) == ids(store.rows)
    pages = 4 * 10  # of eight new rows each: two show that nothing has moved
    assert len(store.asked) <= 2 + 6 + pages


def test_a_beginning_that_all_addresses_share_is_split_where_they_part() -> None:
    store = StoreList(members(f"shopper+{n:03}@example.com" for n in range(300)), wall=100)

    assert set(names(read(store, wall=100))) == ids(store.rows)


@pytest.mark.parametrize("joker", [False, True])
def test_members_without_address_or_with_an_odd_one_are_not_lost(joker: bool) -> None:
    odd = [
        None,
        "",
        "éva@example.com",
        "*@example.com",
        '"quo"@example.com',
        "Ünal@example.com",
        "浩@example.com",
    ]
    odd += ["_under@example.com", "%@example.com", "[x]@example.com", "?what@example.com", "ZED@example.com"]
    plain = [f"{letter}{n}{end}@example.com" for letter in "abcd" for n in range(60) for end in ("", "_x")]
    dice = Random(3)
    store = StoreList(
        members([*odd, *plain, "a", "ab_", *(f"b{c}@x.y" for c in "é_%*")], dice), wall=100, joker=joker
    )

    assert set(names(read(store, wall=100))) == ids(store.rows)


def test_members_whom_no_slice_and_no_end_of_the_list_shows_are_an_error_and_not_a_gap() -> None:
    emails = [f"{letter}{n}@example.com" for letter in "ay" for n in range(150)]
    store = StoreList(members([*emails, *(f"é{n}@example.com" for n in range(150))]), wall=100)
    store.rows += [row("early", -9_000, -9_000, email="zoë@example.com")]

    with pytest.raises(
        ConfigurationError, match=r"50 account members can be found by no beginning.* a later"
    ):
        read(store, wall=100)


def test_a_store_that_ignores_the_filter_is_an_error_and_not_a_gap() -> None:
    class Deaf(StoreList):
        def _begins(self, one: Document, beginnings: list[str]) -> bool:
            return True

    with pytest.raises(ConfigurationError, match=r"\d+ account members can be found by no beginning"):
        read(Deaf(members(some_emails(Random(2), 300)), wall=100), wall=100)


@pytest.mark.parametrize("seed", range(25))
def test_members_that_change_come_or_go_while_slices_are_read_cost_no_other_member(seed: int) -> None:
    dice = Random(seed)
    store = StoreList(members([*some_emails(dice, 300), *[None] * 5], dice), seed=seed, wall=100)
    still = ids(store.rows)

    def disturb() -> None:
        at = 10_000 + len(store.asked)
        match dice.randrange(6) if at // 60 % 4 == 0 else None:
            case 0:
                store.rows.append(row(f"new-{at}", at, email=some_emails(dice, 1)[0]))
            case 1:
                touched = dice.choice(store.rows)
                touched["email"] = some_emails(dice, 1)[0]
                store.touch(touched, at)
                still.discard(touched["id"])
            case 2:
                still.discard(store.rows.pop(dice.randrange(len(store.rows)))["id"])

    store.before_each = disturb

    assert still <= set(names(read(store, wall=100)))


def test_members_who_come_while_slices_are_counted_do_not_stand_for_one_who_is_in_none() -> None:
    store = StoreList(members([*some_emails(Random(6), 300), None]), wall=100)

    def sign_up() -> None:
        if 20 < len(store.asked) < 60 and len(store.asked) % 5 == 0:
            at = 10_000 + len(store.asked)
            store.rows.append(row(f"new-{at}", at, email="z@example.com"))

    store.before_each = sign_up

    assert "m-300" in names(read(store, wall=100))


def test_slices_that_never_hold_still_are_left_to_the_next_run() -> None:
    store = StoreList(members(some_emails(Random(6), 300)), wall=100)
    store.before_each = lambda: store.touch(store.rows[0], 10_000 + len(store.asked))

    with pytest.raises(TransientError, match="come and go too fast"):
        read(store, wall=100)


def test_a_list_that_grows_past_the_last_offset_while_it_is_read_is_left_to_the_next_run() -> None:
    store = StoreList(members(some_emails(Random(4), 90)), wall=100)

    def grow() -> None:
        at = 10_000 + len(store.asked)
        store.rows += [row(f"new-{at}-{n}", at, email="a@example.com") for n in range(5)]

    store.before_each = grow

    with pytest.raises(TransientError, match="more account members came than can be read at once"):
        read(store, wall=100)


def test_a_cursor_says_nothing_since_a_scan_begins_again_from_the_top() -> None:
    store = StoreList(members(some_emails(Random(5), 30)))

    assert {portion.cursor for portion in read(store)} == {"{}"}

"""`commerce-events preview`: what an order tells, and what was told of it."""

import json
import re
from typing import Any

from terminal import NAMESPACE, SETTINGS, Terminal

from commerce_events.sandbox.faults import status


def messages(output: str) -> list[dict[str, Any]]:
    """The JSON objects in an output."""
    blocks = re.findall(r"^    \{$.*?^    \}$", output, flags=re.MULTILINE | re.DOTALL)
    return [json.loads(block) for block in blocks]


def test_an_order_is_shown_before_anything_was_told(terminal: Terminal) -> None:
    order = terminal.shop.place_order(buyer="guest")
    terminal.shop.pay(order)

    result = terminal.run("preview", order)

    assert result.exit_code == 0, result.output
    assert "holds personal data" in result.output
    assert [message["event"] for message in messages(result.output)] == [
        "Checkout Started",
        "Order Completed",
    ]
    assert result.output.count("keeps its contract and is sent") == 2
    assert result.output.count("not told; the next run records it") == 2


def test_what_was_sent_is_shown_beside_it(terminal: Terminal) -> None:
    order = terminal.shop.place_order()
    terminal.segment.faults.next(status(503))
    terminal.sync()

    result = terminal.run("preview", order)

    (sent,) = terminal.segment.unique().values()
    assert messages(result.output) == [{key: value for key, value in sent.items() if key != "sentAt"}]
    assert re.search(r"so far +accepted \d{4}-\d\d-\d\d [\d:]+Z, 2 attempts", result.output)
    assert re.search(r"difference +none", result.output)


def test_a_look_changes_nothing(terminal: Terminal) -> None:
    order = terminal.shop.place_order()
    first = terminal.run("preview", order)
    untouched = terminal.rows()
    terminal.sync()
    terminal.shop.pay(order)
    synced = terminal.rows()

    second = terminal.run("preview", order)

    assert (first.exit_code, second.exit_code) == (0, 0)
    assert {name: rows for name, rows in untouched.items() if rows} == {
        "meta": untouched["meta"]  # by the test's own look at the ledger
    }
    assert NAMESPACE not in str(untouched)
    assert terminal.rows() == synced
    assert len(terminal.segment.unique()) == 1


def test_a_changed_template_shows_as_a_difference(terminal: Terminal) -> None:
    order = terminal.shop.place_order(currency="USD")
    terminal.sync()
    template = terminal.include / "templates/segment/elasticpath/checkout_started.jsonata"
    template.write_text(template.read_text().replace('"affiliation"', '"shop"'))

    result = terminal.run("preview", order)

    assert "$.properties.affiliation: told 'main', now nothing" in result.output
    assert "$.properties.shop: told nothing, now 'main'" in result.output


def test_a_broken_contract_is_named_with_its_path(terminal: Terminal) -> None:
    whole = terminal.shop.order(terminal.shop.place_order())
    terminal.shop.put_raw({**whole, "id": "hollow", "relationships": {}})

    result = terminal.run("preview", "hollow")

    assert "is quarantined (contract:minItems): $.properties.products: " in result.output


def test_a_fact_that_is_not_sent_says_why(terminal: Terminal) -> None:
    terminal.settings(SETTINGS + "[trackings.checkout_started]\nenabled = false")
    order = terminal.shop.place_order()

    result = terminal.run("preview", order)

    assert "is not sent: tracking_off" in result.output
    assert messages(result.output) == []


def test_refunds_in_parts_keep_their_parts(terminal: Terminal) -> None:
    order = terminal.shop.place_order(currency="USD", buyer="guest")
    terminal.shop.pay(order)
    for amount in (100, 150):
        terminal.shop.advance(60)
        terminal.shop.refund(order, amount)
        terminal.sync()

    result = terminal.run("preview", order)

    assert "Order Refunded" in result.output
    assert "1.50 USD, of 2.50 refunded so far" in result.output
    assert re.search(r"Told earlier.*Order Refunded .*: accepted", result.output, flags=re.DOTALL)
    assert not re.search(r"difference +\d+ places", result.output)


def test_a_time_that_no_source_tells_stays_as_it_was_told(terminal: Terminal) -> None:
    order = terminal.shop.place_order()
    terminal.shop.cancel(order)
    terminal.sync()
    terminal.shop.advance(600)
    terminal.shop.touch(order)

    result = terminal.run("preview", order)

    assert "Order Cancelled" in result.output
    assert "no true time is known" in result.output
    assert not re.search(r"difference +\d+ places", result.output)


def test_an_update_is_news_first_and_history_later(terminal: Terminal) -> None:
    order = terminal.shop.place_order()
    terminal.sync()
    terminal.shop.advance(60)
    terminal.shop.edit(order, external_ref="changed")
    before = terminal.run("preview", order)
    terminal.sync()

    after = terminal.run("preview", order)

    assert re.search(r"Order Updated at .*changed: ", before.output)
    assert "Told earlier" not in before.output
    assert re.search(r"Told earlier.*Order Updated at .*: accepted", after.output, flags=re.DOTALL)


def test_an_unknown_order_is_one_line(terminal: Terminal) -> None:
    result = terminal.run("preview", "no-such-order")

    assert result.exit_code == 1
    assert result.output == "Store main has no order no-such-order.\n"


def test_an_order_that_cannot_be_read_says_where(terminal: Terminal) -> None:
    whole = terminal.shop.order(terminal.shop.place_order(buyer="guest"))
    terminal.shop.put_raw({**whole, "id": "broken", "payment": None})

    result = terminal.run("preview", "broken")

    assert result.exit_code == 1
    assert "Order broken of store main cannot be read (missing_state)" in result.output
    assert "$.data.payment" in result.output
    assert whole["customer"]["email"] not in result.output


def test_a_customer_is_shown_too(terminal: Terminal) -> None:
    customer = terminal.shop.add_customer()

    shown = terminal.run("preview", customer, "--stream", "customers")
    unknown = terminal.run("preview", "nobody", "--stream", "customers")

    assert shown.exit_code == 0, shown.output
    assert shown.output.startswith(f"Customer {customer} of store main: last changed ")
    assert [message["type"] for message in messages(shown.output)] == ["identify"]
    assert (unknown.exit_code, unknown.output) == (1, "Store main has no customer nobody.\n")


def test_with_several_stores_one_is_chosen(terminal: Terminal) -> None:
    second = SETTINGS.replace("stores.main", "stores.second").replace(NAMESPACE[:8], "aaaaaaaa")
    terminal.settings(SETTINGS + second)
    order = terminal.shop.place_order()

    unnamed, named = terminal.run("preview", order), terminal.run("preview", order, "--store", "second")
    unknown = terminal.run("preview", order, "--store", "third")

    assert (unnamed.exit_code, named.exit_code, unknown.exit_code) == (2, 0, 2)
    assert "--store: main, second" in unnamed.output
    assert "has no store 'third'; it has main, second" in unknown.output


def test_an_unknown_stream_is_refused_in_a_sentence(terminal: Terminal) -> None:
    result = terminal.run("preview", "1", "--stream", "carts")

    assert result.exit_code == 2
    assert "knows no stream 'carts'" in result.output

"""A customer whom the store has no more."""

from pipeline import Pipeline, pipeline

from commerce_events.steps.capture import capture_records

TELL = {"customer_updated": {"trigger": "customer.deleted"}}


def deleted(line: Pipeline) -> str:
    """A customer with an order, both told, and then deleted at the store."""
    customer = line.shop.add_customer(email="gone@shop.example")
    line.shop.pay(line.shop.place_order(buyer=customer))
    line.capture()
    line.deliver()
    line.shop.delete_customer(customer)
    return customer


def test_a_deletion_is_not_told_unless_a_tracking_asks_for_it(ledger):
    with pipeline(ledger, people=["customers"]) as line:
        customer = deleted(line)
        before = len(line.messages())

        capture_records(line.store(), "customers", [customer])
        line.deliver()

        assert len(line.messages()) == before
        assert ledger.reports.open_rejects() == []


def test_a_deletion_met_twice_is_one_fact(ledger):
    with pipeline(ledger, people=["customers"], trackings=TELL) as line:
        customer = deleted(line)

        capture_records(line.store(), "customers", [customer, customer])

        told = [told.kind for told in ledger.reports.of_record("main", "customers", customer)]
        assert told == ["customer_created", "customer_updated"]


def test_a_deletion_erases_the_person_where_a_store_says_so(ledger):
    with pipeline(ledger, people=["customers"], erasure={"on_deleted": True}) as line:
        customer = deleted(line)

        outcome = capture_records(line.store(), "customers", [customer])

        assert outcome["erased"] == 1
        assert len(ledger.regulations.all()) == 1
        assert ledger.regulations.all()[0].status is None


def test_of_a_stranger_nothing_is_told(ledger):
    with pipeline(ledger, people=["customers"], trackings=TELL) as line:
        line.shop.place_order(buyer="guest")

        assert capture_records(line.store(), "customers", ["nobody"]) == {}

"""What happens to customers and account members, and what it does to their next order."""

from dataclasses import replace

import pytest

CUSTOMERS, MEMBERS = "/v2/customers", "/v2/account-members"


def buyer_of(order):
    return order.get("customer", {}) | order.get("contact", {})


def test_who_buys_with_a_login_is_on_record(store):
    order = store.order(store.place_order(buyer="customer"))
    other = store.order(store.place_order(buyer="account"))

    customer = store.customer(order["relationships"]["customer"]["data"]["id"])
    member = store.account_member(other["relationships"]["account_member"]["data"]["id"])
    assert order["customer"]["email"] == customer["email"]
    assert buyer_of(other)["email"] == member["email"]


def test_a_guest_is_on_no_record(store):
    store.place_order(buyer="guest")

    assert store.customer_ids() == store.account_member_ids() == []


def test_an_edit_moves_the_time_and_nothing_else(store, api):
    customer = store.add_customer(name="Ada", loyalty_tier="silver")
    before = store.customer(customer)
    store.advance(60)

    store.edit_customer(customer, loyalty_tier="gold")

    after = api.get(f"{CUSTOMERS}/{customer}").json()["data"]
    assert after["meta"]["timestamps"] == {
        "created_at": "2026-03-01T12:00:00Z",
        "updated_at": "2026-03-01T12:01:00Z",
    }
    assert {**after, "meta": None} == {**before, "loyalty_tier": "gold", "meta": None}


def test_a_changed_email_is_on_the_next_order(store):
    customer = store.add_customer(email="old@example.com")
    store.edit_customer(customer, email="new@example.com")

    order = store.order(store.place_order(buyer=customer))

    assert order["relationships"]["customer"]["data"]["id"] == customer
    assert order["customer"]["email"] == "new@example.com"


def test_a_member_can_change_too(store, api):
    member = store.add_account_member(given_name="Ada", family_name=None)
    store.advance(60)
    store.edit_account_member(member, family_name="Quill")

    order = store.order(store.place_order(buyer=member))

    found = api.get(f"{MEMBERS}/{member}").json()["data"]
    assert (found["given_name"], found["family_name"]) == ("Ada", "Quill")
    assert found["meta"]["timestamps"]["updated_at"] == "2026-03-01T12:01:00Z"
    assert order["relationships"]["account_member"]["data"]["id"] == member


def test_a_deleted_customer_leaves_no_trace_but_orders(store, api):
    kept, gone = store.add_customer(), store.add_customer()
    order = store.place_order(buyer=gone)

    store.delete_customer(gone)

    assert api.get(f"{CUSTOMERS}/{gone}").status_code == 404
    assert api.get(f"{CUSTOMERS}/{gone}/addresses").status_code == 404
    assert api.ids(CUSTOMERS) == [kept]
    assert store.order(order)["relationships"]["customer"]["data"]["id"] == gone
    with pytest.raises(KeyError):
        store.edit_customer(gone, name="Ada")


def test_a_deleted_member_is_gone(store, api):
    member = store.add_account_member()

    store.delete_account_member(member)

    assert api.get(f"{MEMBERS}/{member}").status_code == 404
    assert api.ids(MEMBERS) == []


@pytest.mark.parametrize("farewell", ["delete_customer", "anonymise_customer"])
def test_who_lost_the_login_buys_as_a_guest(store, farewell):
    customer = store.add_customer()

    getattr(store, farewell)(customer)

    order = store.order(store.place_order(buyer=customer))
    assert order["relationships"].get("customer") is None
    assert order["customer"]["email"] != "**"


def test_an_anonymised_customer_is_made_of_stars(store, api):
    customer = store.add_customer(name="Ada Quill", email="ada@example.com", session_id="s-1")
    store.add_address(customer, line_1="7 Secret Street")
    store.advance(60)

    store.anonymise_customer(customer)

    answer = api.get(f"{CUSTOMERS}/{customer}")
    found = answer.json()["data"]
    assert (found["name"], found["email"], found["session_id"]) == ("**", "**", "**")
    assert (found["id"], found["type"]) == (customer, "customer")
    assert found["meta"]["timestamps"]["updated_at"] == "2026-03-01T12:01:00Z"
    assert api.get(f"{CUSTOMERS}/{customer}/addresses").json()["data"] == []


def test_a_guest_may_become_a_customer(store):
    guest = store.stranger("guest")
    before = store.order(store.place_order(buyer=guest))

    customer = store.add_customer(guest, email=guest.email.upper())
    after = store.order(store.place_order(buyer=customer))

    assert before["relationships"].get("customer") is None
    assert after["relationships"]["customer"]["data"]["id"] == customer == guest.customer_id
    assert after["customer"]["email"].lower() == before["customer"]["email"].strip().lower()


def test_one_person_may_be_a_customer_and_a_member(store):
    person = store.stranger("customer")

    store.place_order(buyer=person)
    store.place_order(buyer=replace(person, kind="account"))

    [customer], [member] = store.customers(), store.account_members()
    assert customer["email"] == member["email"]
    assert customer["id"] != member["id"]


def test_addresses_are_a_list_of_their_own(store, api):
    customer = store.add_customer()
    for number in range(3):
        store.add_address(customer, line_1=f"{number} Sunny Street")
    before = store.customer(customer)

    page = api.get(f"{CUSTOMERS}/{customer}/addresses", page_limit=2).json()

    assert [one["line_1"] for one in page["data"]] == ["0 Sunny Street", "1 Sunny Street"]
    assert page["meta"]["results"]["total"] == 3
    assert store.addresses(customer)[:2] == page["data"]
    assert api.get(f"{CUSTOMERS}/{customer}").json()["data"] == before


def test_broken_people_are_listed_as_they_are(store, api):
    store.put_raw_customer({"type": "customer", "name": None})
    key = store.put_raw_account_member({"id": "m-1", "email": 17})

    assert api.get(CUSTOMERS, sort="name").json()["data"] == [{"type": "customer", "name": None}]
    assert api.get(f"{MEMBERS}/{key}").json()["data"] == {"id": "m-1", "email": 17}
    assert len(api.get(MEMBERS, sort="email").json()["data"]) == 1


def test_a_customer_who_changes_while_someone_pages_shows_again(store, api):
    first = store.add_customer()
    for _ in range(150):
        store.advance(1)
        store.add_customer()
    store.advance(1)
    store.on_request(lambda request: "offset%5D=100" in request.query and store.touch_customer(first))

    found = api.ids(CUSTOMERS, sort="updated_at")

    assert len(set(found)) == 150  # the walk over a moving order skipped one


@pytest.mark.parametrize("path", [f"{CUSTOMERS}/none", f"{MEMBERS}/none", f"{CUSTOMERS}/none/addresses"])
def test_unknown_people_are_not_found(api, path):
    answer = api.get(path)

    assert answer.status_code == 404
    assert answer.json()["errors"][0]["status"] == 404

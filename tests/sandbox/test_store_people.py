"""The lists of customers and account members: what may be asked, and what comes back."""

import pytest

from commerce_events.sandbox.store import ElasticPathStandIn

CUSTOMERS, MEMBERS = "/v2/customers", "/v2/account-members"
SORTS = ["created_at", "-created_at", "email", "-email", "id", "-id", "name", "-name"]


def total(api, path, text):
    return api.get(path, filter=text).json()["meta"]["results"]["total"]


def test_a_list_of_customers_has_no_links(seeded_store, seeded_api):
    page = seeded_api.get(CUSTOMERS, page_limit=10, page_offset=20).json()

    count = len(seeded_store.customer_ids())
    assert set(page) == {"data", "meta"}
    assert page["meta"] == {
        "page": {"limit": 10, "offset": 20, "current": 3, "total": -(-count // 10)},
        "results": {"total": count},
    }


def test_every_customer_who_ordered_can_be_fetched(seeded_store, seeded_api):
    owners = {
        order["relationships"]["customer"]["data"]["id"]
        for order in seeded_store.orders()
        if "customer" in order["relationships"]
    }

    listed = seeded_api.ids(CUSTOMERS, sort="id")

    assert owners < set(listed)
    for one in owners:
        assert seeded_api.get(f"{CUSTOMERS}/{one}").json() == {"data": seeded_store.customer(one)}


def test_every_member_who_ordered_can_be_fetched(seeded_store, seeded_api):
    owners = {
        order["relationships"]["account_member"]["data"]["id"]
        for order in seeded_store.orders()
        if "account_member" in order["relationships"]
    }

    assert owners < set(seeded_api.ids(MEMBERS, sort="id"))
    for one in owners:
        answer = seeded_api.get(f"{MEMBERS}/{one}").json()
        assert answer["data"] == seeded_store.account_member(one)
        assert answer["links"] == {"self": f"{seeded_store.url}{MEMBERS}/{one}"}


def test_a_customer_was_there_before_the_first_order(seeded_store):
    for order in seeded_store.orders():
        owner = order["relationships"].get("customer", {}).get("data", {}).get("id")
        if owner:
            created = seeded_store.customer_register.known(owner).created
            assert created <= seeded_store.entry(order["id"]).created


def test_some_guests_are_customers_since_under_another_spelling(seeded_store):
    guests = {
        order["customer"]["email"].strip().lower(): order
        for order in seeded_store.orders()
        if not order["relationships"].get("customer") and order.get("customer", {}).get("email", "**") != "**"
    }

    since = [one["email"] for one in seeded_store.customers() if one["email"].lower() in guests]

    assert since
    assert all(email != email.lower() for email in since)


def test_customers_come_in_every_shape(seeded_store):
    customers = seeded_store.customers()

    names = {one["name"] for one in customers}
    assert "" in names
    assert any(name and " " not in name for name in names)
    assert any(not name.isascii() for name in names)
    assert {one["password"] for one in customers} == {True, False}
    assert {one["marketing_consent"] for one in customers} == {True, False, None}
    for optional in ("session_id", "date_of_birth", "loyalty_tier"):
        assert {one[optional] is None for one in customers} == {True, False}
    assert {"external_ref" in one for one in customers} == {True, False}


def test_members_have_the_parts_of_a_name_or_not(seeded_store):
    parts = [(one["given_name"], one["family_name"]) for one in seeded_store.account_members()]

    assert (None, None) in parts
    assert any(given and family for given, family in parts)


@pytest.mark.parametrize("path", [CUSTOMERS, MEMBERS])
@pytest.mark.parametrize("sort", [*SORTS, "updated_at", "-updated_at"])
def test_people_can_be_sorted_by_five_attributes_both_ways(seeded_api, path, sort):
    rows = seeded_api.get(path, sort=sort, page_limit=100).json()["data"]

    name = sort.removeprefix("-")
    keys = [row["meta"]["timestamps"][name][:19] if name.endswith("_at") else row[name] for row in rows]
    assert keys == sorted(keys, reverse=sort.startswith("-"))


@pytest.mark.parametrize("path", [CUSTOMERS, MEMBERS])
def test_the_newest_come_first_unless_asked(seeded_api, path):
    rows = seeded_api.get(path, page_limit=100).json()["data"]

    created = [row["meta"]["timestamps"]["created_at"][:19] for row in rows]
    assert created == sorted(created, reverse=True)


@pytest.mark.parametrize("path", [CUSTOMERS, MEMBERS])
def test_no_list_of_people_reaches_past_ten_thousand(seeded_api, path):
    assert seeded_api.get(path, page_limit=100, page_offset=9_900).status_code == 200
    assert seeded_api.get(path, page_limit=100, page_offset=9_901).status_code == 400
    assert seeded_api.get(path, sort="password").status_code == 400


def test_customers_are_found_by_what_is_documented(seeded_store, seeded_api):
    one = next(one for one in seeded_store.customers() if "external_ref" in one)

    assert seeded_api.ids(CUSTOMERS, filter=f"eq(id,{one['id']})") == [one["id"]]
    assert one["id"] in seeded_api.ids(CUSTOMERS, filter=f"eq(email,{one['email']})")
    assert one["id"] in seeded_api.ids(CUSTOMERS, filter=f"eq(external_ref,{one['external_ref']})")
    assert total(seeded_api, CUSTOMERS, "like(name,*Müller)") == sum(
        customer["name"].endswith("Müller") for customer in seeded_store.customers()
    )


def test_a_walk_by_id_needs_no_offset(seeded_store, seeded_api):
    found, last = [], "0"
    while page := seeded_api.get(CUSTOMERS, filter=f"gt(id,{last})", sort="id", page_limit=10).json()["data"]:
        found += [one["id"] for one in page]
        last = found[-1]

    assert found == sorted(seeded_store.customer_ids())


def test_a_time_divides_the_customers(seeded_store, seeded_api):
    cut = sorted(one["meta"]["timestamps"]["updated_at"] for one in seeded_store.customers())[40]

    since = total(seeded_api, CUSTOMERS, f'ge(updated_at,"{cut}")')
    before = total(seeded_api, CUSTOMERS, f'lt(updated_at,"{cut}")')

    assert since + before == len(seeded_store.customer_ids())
    assert 0 < since < len(seeded_store.customer_ids())


@pytest.mark.parametrize(
    "text",
    [
        'eq(updated_at,"2026-02-03T04:05:06Z")',
        "ilike(email,a*)",
        "like(external_ref,crm*)",
        "eq(loyalty_tier,gold)",
        "is_null(name)",
        "eq(email)",
        "in(id,a,b)",
    ],
)
def test_a_filter_that_customers_do_not_know_is_refused(seeded_api, text):
    answer = seeded_api.get(CUSTOMERS, filter=text)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["detail"] == "Could not parse the supplied filter"


@pytest.mark.parametrize(
    "text",
    [
        'ge(updated_at,"2026-02-03T04:05:06Z")',
        'ge(created_at,"2026-02-03T04:05:06Z")',
        "eq(id,x)",
        "gt(id,x)",
        "like(given_name,a*)",
        "eq(family_name,a)",
        "is_null(email)",
        "is_null(given_name,x)",
    ],
)
def test_members_can_be_asked_for_neither_by_time_nor_by_id(seeded_api, text):
    assert seeded_api.get(MEMBERS, filter=text).status_code == 400


def test_members_are_found_whatever_the_case(seeded_store, seeded_api):
    one = seeded_store.account_members()[0]

    loose = f"ilike(email,'{one['email'].upper()}')"

    assert seeded_api.ids(MEMBERS, filter=loose) == [one["id"]]
    assert seeded_api.ids(MEMBERS, filter=f'ilike(email,"{one["email"].upper()}")') == [one["id"]]
    assert total(seeded_api, MEMBERS, f"eq(email,{one['email'].upper()})") == 0
    assert total(seeded_api, MEMBERS, "like(email,buyer*)") == len(seeded_store.account_member_ids())


def test_what_a_member_lacks_can_be_asked_for(seeded_store, seeded_api):
    lacking = sum(one["middle_name"] is None for one in seeded_store.account_members())

    named = total(seeded_api, MEMBERS, "ilike(middle_name,*)")

    assert total(seeded_api, MEMBERS, "is_null(middle_name)") == lacking > 0
    assert lacking + named == len(seeded_store.account_member_ids())


def test_the_last_page_of_members_writes_null_as_a_word(seeded_store, seeded_api, store, api):
    page = seeded_api.get(MEMBERS, page_limit=100).json()
    store.add_account_member()
    store.habits.null_as_word = False

    assert page["links"]["next"] == page["links"]["prev"] == "null"
    assert page["data"][0]["links"]["self"].startswith(seeded_store.url)
    assert api.get(MEMBERS).json()["links"]["next"] is None


@pytest.mark.parametrize("path", [CUSTOMERS, MEMBERS])
def test_people_of_the_same_second_come_in_another_order_each_time(store, api, path):
    for _ in range(20):
        store.add_customer()
        store.add_account_member()

    orders = {tuple(api.ids(path, sort="-updated_at")) for _ in range(3)}
    store.habits.stable_ties = True
    stable = {tuple(api.ids(path, sort="-updated_at")) for _ in range(3)}

    assert len(orders) == 3
    assert len({frozenset(order) for order in orders}) == 1
    assert len(stable) == 1


def test_a_recent_change_of_a_person_may_lag_behind_in_lists(store, api):
    store.habits.lag_seconds = 30
    customer, member = store.add_customer(), store.add_account_member()

    at_once = api.ids(CUSTOMERS) + api.ids(MEMBERS)
    store.advance(31)

    assert at_once == []
    assert api.ids(CUSTOMERS) + api.ids(MEMBERS) == [customer, member]


def test_a_time_of_customers_may_be_honoured_by_the_day(store, api):
    store.add_customer()
    store.habits.day_granularity = True

    assert total(api, CUSTOMERS, 'ge(updated_at,"2026-03-01T23:00:00Z")') == 1


@pytest.mark.parametrize("path", [CUSTOMERS, MEMBERS, f"{CUSTOMERS}/x", f"{MEMBERS}/x"])
def test_people_are_behind_the_same_door_as_orders(store, api, path):
    store.tokens.revoke()

    assert api.get(path).status_code == 401


def test_who_never_ordered_may_be_more_than_a_list_reaches():
    with ElasticPathStandIn(customers=11_000, members=10_500) as store:
        assert len(store.customer_ids()) == 11_000
        assert len(store.account_member_ids()) == 10_500
        assert len({row.created for row in store.customer_register.rows()}) < 2_000  # imports share seconds

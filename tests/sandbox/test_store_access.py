"""Tokens, limits and the clock of the store."""

from email.utils import parsedate_to_datetime

import pytest
import requests

NO_TOKEN = {"errors": [{"status": 401, "title": "Unable to validate access token"}]}


def ask(store, **fields):
    form = {
        "grant_type": "client_credentials",
        "client_id": store.client_id,
        "client_secret": store.client_secret,
    } | fields
    return requests.post(f"{store.url}/oauth/access_token", data=form, timeout=5)


def test_a_token_is_a_flat_answer(store):
    answer = ask(store).json()

    assert set(answer) == {"expires", "identifier", "expires_in", "access_token", "token_type"}
    assert (answer["expires_in"], answer["token_type"]) == (3600, "Bearer")
    assert answer["expires"] == int(store.clock.timestamp()) + 3600


def test_a_wrong_secret_is_refused_with_status_as_a_string(store):
    answer = ask(store, client_secret="guess")

    assert answer.status_code == 401
    assert answer.json()["errors"][0]["status"] == "401"


def test_only_client_credentials_are_granted(store):
    assert ask(store, grant_type="implicit").status_code == 400


def test_a_json_body_gets_no_token(store):
    body = {
        "grant_type": "client_credentials",
        "client_id": store.client_id,
        "client_secret": store.client_secret,
    }

    answer = requests.post(f"{store.url}/oauth/access_token", json=body, timeout=5)

    assert answer.status_code == 400


@pytest.mark.parametrize("path", ["/v2/orders", "/v2/orders/x", "/v2/currencies", "/v2/nothing"])
def test_nothing_is_read_without_a_token(store, path):
    answer = requests.get(store.url + path, headers={"Authorization": "Bearer made-up"}, timeout=5)

    assert (answer.status_code, answer.json()) == (401, NO_TOKEN)


def test_a_token_ends_with_its_hour(store, api):
    store.advance(3_599)
    before = api.get("/v2/orders").status_code
    store.advance(1)

    assert (before, api.get("/v2/orders").status_code) == (200, 401)


def test_all_tokens_can_be_revoked(store, api):
    store.tokens.revoke()

    assert api.get("/v2/orders").json() == NO_TOKEN


def test_each_answer_tells_the_stores_own_time(store, api):
    store.advance(90)

    assert parsedate_to_datetime(api.get("/v2/orders").headers["Date"]) == store.clock


def test_too_many_requests_get_the_documented_body_and_no_retry_after(store, api):
    store.rate_limit.per_second = 2

    answers = [api.get("/v2/orders") for _ in range(8)]

    refused = [one for one in answers if one.status_code == 429]
    assert refused
    assert refused[0].json()["errors"][0]["status"] == 429
    assert "Retry-After" not in refused[0].headers


def test_a_request_over_8_kb_is_refused(api):
    assert api.get("/v2/orders", filter="eq(name,%s)" % ("x" * 8_200)).status_code == 414


def test_nothing_can_be_written(store, api):
    answer = api.session.put(f"{store.url}/v2/orders/x", json={"data": {"status": "cancelled"}}, timeout=5)

    assert answer.status_code == 405


def test_requests_are_counted_by_route(store, api):
    order = store.place_order()
    api.get(f"/v2/orders/{order}")
    api.get(f"/v2/orders/{order}/transactions")

    assert store.requests.counts == {
        "POST /oauth/access_token": 1,
        "GET /v2/orders/{id}": 1,
        "GET /v2/orders/{id}/transactions": 1,
    }
    assert store.requests.recent[-1].path == f"/v2/orders/{order}/transactions"

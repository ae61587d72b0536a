"""A node alone: who may speak to it, what it does once, and what it refuses."""

import asyncio
import threading
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.store import open_ledger
from tests.parts.node_inside import NAME, Inside
from trust.http_signatures import HttpMessage, content_digest, verify
from trust.node_keys import public_line, trust_firm

SOON = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
JSON = {"content-type": "application/json"}


@pytest.fixture
def works(tmp_path):
    inside = Inside(tmp_path, capacity=10)
    yield inside
    inside.node.close()


def wanted(quantity=1, order="o1", price="1000", resource="works/lamp", day=SOON):
    return {
        "order": order,
        "leg": "factory",
        "kind": "factory",
        "provider": "works",
        "lines": [{"resource": resource, "period": day, "quantity": str(quantity)}],
        "price_minor": price,
        "currency": "CNY",
    }


def hold_body(quantity=1, hours=1, **more):
    until = (datetime.now(UTC) + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return orjson.dumps({"request": wanted(quantity, **more), "expires_at": until})


def with_key(key):
    return {**JSON, "idempotency-key": key}


def held(works, key, quantity=1, **more):
    status, _, answer = works.ask("POST", "/v1/holds", hold_body(quantity, **more), with_key(key))
    assert status == 200, answer
    return answer


def used(works):
    with open_ledger(works.folder / "book.db") as ledger:
        known = ledger.capacity("works/lamp", SOON)
        return known[1] if known else 0


# what it does -----------------------------------------------------------------------------------


def test_quote_hold_confirm_cancel(works):
    status, _, quoted = works.ask("POST", "/v1/quotes", orjson.dumps({"request": wanted(3)}), JSON)
    assert (status, quoted["answer"], quoted["price_minor"]) == (200, "quoted", "3000")
    assert held(works, "key-00001", 3)["answer"] == "held"
    assert used(works) == 3
    _, _, booked = works.ask("POST", "/v1/holds/key-00001/confirm", b"", with_key("key-00002"))
    assert (booked["answer"], booked["price_minor"]) == ("booked", "3000")
    _, _, released = works.ask("POST", "/v1/holds/key-00001/cancel", b"", with_key("key-00003"))
    assert (released["answer"], released["fee_minor"]) == ("released", "0")
    assert used(works) == 0


def test_same_key_gets_the_same_answer_and_is_done_once(works):
    first = held(works, "key-00001", 4)
    body = hold_body(4)
    assert works.ask("POST", "/v1/holds", body, with_key("key-00001"))[2] == first
    assert used(works) == 4


def test_same_key_for_another_call_is_refused(works):
    held(works, "key-00001", 4)
    status, _, problem = works.ask("POST", "/v1/holds", hold_body(5), with_key("key-00001"))
    assert (status, problem["code"]) == (409, "key-reused")
    assert used(works) == 4


def test_answer_to_a_key_can_be_looked_up(works):
    first = held(works, "key-00001")
    assert works.ask("GET", "/v1/answers", query="key=key-00001")[2] == first
    assert works.ask("GET", "/v1/answers", query="key=key-00002")[2] == {"answer": "unseen"}


def test_more_than_there_is_is_declined_and_nothing_is_kept(works):
    assert held(works, "key-00001", 8)["answer"] == "held"
    no = held(works, "key-00002", 3)
    assert (no["answer"], no["code"]) == ("declined", "no_capacity")
    assert used(works) == 8


@pytest.mark.parametrize(
    ("more", "code"), [({"resource": "works/chair"}, "unknown"), ({"hours": -1}, "expired")]
)
def test_what_cannot_be_had_is_declined(works, more, code):
    assert held(works, "key-00001", **more)["code"] == code


def test_cheaper_offer_gets_the_list_price(works):
    assert held(works, "key-00001", 2, price="1")["price_minor"] == "2000"


def test_expired_hold_cannot_be_confirmed_and_is_free_again(works):
    held(works, "key-00001", 10)
    works.clock.ahead = 3700
    _, _, no = works.ask("POST", "/v1/holds/key-00001/confirm", b"", with_key("key-00002"))
    assert (no["answer"], no["code"]) == ("declined", "expired")


def test_hold_of_another_firm_is_as_good_as_unknown(works):
    held(works, "key-00001")
    other = Ed25519PrivateKey.generate()
    trust_firm(works.folder / "keys", "other", public_line(other.public_key()))
    works.node._firms_read = 0.0
    for verb in ("confirm", "release", "cancel"):
        path = f"/v1/holds/key-00001/{verb}"
        headers = works.signed("POST", path, b"", with_key("key-00009"), key=other)
        assert works.call("POST", path, headers)[0] == 404
    headers = works.signed("GET", "/v1/answers", query="key=key-00001", key=other)
    assert works.call("GET", "/v1/answers", headers, query="key=key-00001")[2] == {"answer": "unseen"}
    assert used(works) == 1


def test_ledger_of_the_node_proves_who_asked(works):
    """The record keeps the buyer's signature; anybody with his public key can check it again."""
    held(works, "key-00001", 2)
    with open_ledger(works.folder / "book.db") as ledger:
        record = ledger.record_by_key("served:buyer:key-00001")
    proof = record.body["proof"]
    headers = {
        "content-type": proof["content-type"],
        "idempotency-key": proof["idempotency-key"],
        "signature-input": proof["signature-input"],
        "signature": proof["signature"],
        "content-digest": content_digest(proof["body"].encode()),
    }
    message = HttpMessage(
        proof["method"], proof["authority"], proof["path"], proof["query"], headers, proof["body"].encode()
    )
    signed = verify(message, lambda _: works.buyer_key.public_key(), now=int(works.clock().timestamp()))
    assert signed.key_id == proof["key"]


def test_fault_in_one_job_leaves_its_neighbours_in_the_commit_alone(works):
    def bad(_):
        raise ValueError("a bug")

    async def both():
        return await asyncio.gather(
            works.node.desk.submit(bad),
            works.node.desk.submit(lambda transaction: transaction.size()),
            return_exceptions=True,
        )

    first, second = asyncio.run(both())
    assert isinstance(first, ValueError)
    assert second > 0


# who may speak ----------------------------------------------------------------------------------


def code_of(answer):
    status, _, problem = answer
    return status, problem["code"]


def test_unsigned_request_is_refused(works):
    answer = works.call("POST", "/v1/holds", {"host": NAME, **with_key("key-00001")}, hold_body())
    assert code_of(answer) == (401, "malformed")


def test_replayed_request_is_refused_also_after_a_restart(works):
    body = hold_body()
    headers = works.signed("POST", "/v1/holds", body, with_key("key-00001"))
    assert works.call("POST", "/v1/holds", headers, body)[0] == 200
    assert code_of(works.call("POST", "/v1/holds", headers, body)) == (401, "replayed")
    works.restart()
    assert code_of(works.call("POST", "/v1/holds", headers, body)) == (401, "replayed")


def test_forged_request_does_not_burn_the_nonce_of_the_real_one(works):
    body = hold_body()
    headers = works.signed("POST", "/v1/holds", body, with_key("key-00001"))
    assert code_of(works.call("POST", "/v1/holds", headers, hold_body(9))) == (401, "digest")
    assert works.call("POST", "/v1/holds", headers, body)[0] == 200


@pytest.mark.parametrize("seconds", [-120, 120])
def test_request_outside_its_window_is_refused(works, seconds):
    created = int(works.clock().timestamp()) + seconds
    headers = works.signed("POST", "/v1/holds", hold_body(), with_key("key-00001"), created=created)
    assert works.call("POST", "/v1/holds", headers, hold_body())[0] == 401


def test_request_for_another_node_is_refused(works):
    """Signed for a competitor, forwarded here with everything intact."""
    body = hold_body()
    headers = works.signed("POST", "/v1/holds", body, {"host": "other.example", **with_key("key-00001")})
    assert code_of(works.call("POST", "/v1/holds", headers, body)) == (421, "misdirected")


def test_request_moved_to_another_address_is_refused(works):
    held(works, "key-00001")
    headers = works.signed("POST", "/v1/holds/key-00001/release", b"", with_key("key-00002"))
    assert code_of(works.call("POST", "/v1/holds/key-00001/cancel", headers)) == (401, "forged")


def test_stranger_is_refused(works):
    headers = works.signed(
        "POST", "/v1/holds", hold_body(), with_key("key-00001"), key=Ed25519PrivateKey.generate()
    )
    assert code_of(works.call("POST", "/v1/holds", headers, hold_body())) == (401, "unknown-key")


def test_every_answer_is_signed_and_bound_to_its_question(works):
    body = hold_body()
    headers = works.signed("POST", "/v1/holds", body, with_key("key-00001"))
    status, told, answer = works.call("POST", "/v1/holds", headers, body)
    request = HttpMessage("POST", NAME, "/v1/holds", "", headers, body)
    message = HttpMessage(headers=told, body=orjson.dumps(answer), status=status, request=request)
    verify(message, lambda _: works.node_key.public_key(), now=int(works.clock().timestamp()))


def test_fault_of_ours_is_a_signed_answer_that_tells_nothing(works, monkeypatch, capsys):
    async def broken(_job):
        raise ZeroDivisionError("the inside")

    monkeypatch.setattr(works.node.desk, "submit", broken)
    status, told, problem = works.ask("POST", "/v1/holds", hold_body(), with_key("key-00001"))
    assert (status, problem["code"]) == (500, "fault")
    assert "signature" in told
    assert "inside" not in problem["detail"]
    assert "ZeroDivisionError" in capsys.readouterr().err


# how much ---------------------------------------------------------------------------------------


def test_body_beyond_the_limit_is_refused_unread(works):
    body = b"x" * (works.node._settings.body_maximum + 1)
    headers = works.signed("POST", "/v1/quotes", body, JSON)
    assert code_of(works.call("POST", "/v1/quotes", headers, body)) == (413, "too-large")


def test_firm_that_asks_too_fast_is_told_to_wait(tmp_path):
    inside = Inside(tmp_path, rate=1, burst=3)
    codes = [inside.ask("GET", "/v1/catalogue")[0] for _ in range(5)]
    assert codes == [200, 200, 200, 429, 429]
    inside.node.close()


def test_address_that_proves_nothing_is_shut_out_for_a_while(tmp_path):
    inside = Inside(tmp_path, unknown_rate=0.01, unknown_burst=2)
    codes = [inside.call("GET", "/v1/catalogue", {"host": NAME})[0] for _ in range(4)]
    assert codes == [401, 401, 429, 429]
    inside.node.close()


def test_more_than_the_desk_takes_is_turned_away(tmp_path):
    inside = Inside(tmp_path, waiting_maximum=0)
    answer = inside.ask("POST", "/v1/holds", hold_body(), with_key("key-00001"))
    assert code_of(answer) == (503, "busy")
    assert answer[1]["retry-after"] == "1"
    inside.node.close()


def test_health_and_metrics_are_open(works):
    held(works, "key-00001")
    assert works.call("GET", "/health", {"host": NAME})[2]["status"] == "ok"
    text = works.call("GET", "/metrics", {"host": NAME})[2].decode()
    assert 'net_answers_total{verb="hold",answer="held"} 1' in text


def test_threads_race_for_the_last_slots(works):
    """Forty holds of one at once for ten slots, through the desk: ten are held."""
    answers = []

    def one(number):
        answers.append(held(works, f"race-{number:05}")["answer"])

    threads = [threading.Thread(target=one, args=(number,)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["declined"] * 30 + ["held"] * 10
    assert used(works) == 10


def test_lenders_limit_can_be_held_like_a_slot(tmp_path, monkeypatch):
    from dataclasses import replace

    from domain.network import Lender
    from tests.parts import node_inside

    shop = node_inside.shop_network

    def with_lender(capacity=0):
        lender = Lender("harbour", "Harbour Bank", currency="CNY", limit_minor=1000)
        return replace(shop(capacity), lenders=(lender,))

    monkeypatch.setattr(node_inside, "shop_network", with_lender)
    inside = Inside(tmp_path)
    answers = [
        held(inside, f"key-0000{n}", 600, resource="credit:harbour", day="limit", price="0")["answer"]
        for n in (1, 2)
    ]
    assert answers == ["held", "declined"]
    assert held(inside, "key-00003", 1, resource="credit:harbour", day=SOON)["code"] == "no_capacity"
    assert held(inside, "key-00004", 1, day="limit")["code"] == "no_capacity"
    inside.node.close()

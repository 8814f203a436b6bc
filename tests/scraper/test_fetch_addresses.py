"""A host with several addresses is reached at the first that answers."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import pytest

from scraper.fetch.address import MAX_ADDRESSES, parse, public_addresses
from scraper.fetch.connect import first_connected
from scraper.http import httpcore
from tests.support.fetching import HTML, get, refusal
from tests.support.servers import Server, answer, refusing, unaccepting

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from scraper.fetch import Resolve


class Stream(httpcore.AsyncNetworkStream):
    """A connection that records whether it was closed."""

    closed = False

    async def aclose(self) -> None:
        self.closed = True


async def hanging() -> Stream:
    await asyncio.Event().wait()
    raise AssertionError


async def failing() -> Stream:
    raise httpcore.ConnectError("refused")


def at(*ips: str) -> Resolve:
    """Resolve every name to these."""

    async def resolve(host: str, port: int) -> list[str]:
        return list(ips)

    return resolve


def test_dead_addresses_before_a_good_one_do_not_use_up_the_deadline() -> None:
    dead = [f"127.0.0.{nth}" for nth in range(2, 22)]
    with Server({"/": answer(HTML)}) as portal, contextlib.ExitStack() as stack:
        for ip in dead:
            stack.enter_context(unaccepting(ip, portal.port))
        assert get(portal.url(), resolve=at(*dead, "127.0.0.1")).status == 200
        assert portal.paths == ["/"]


def test_refusing_addresses_are_skipped_at_once() -> None:
    refused = [f"127.0.0.{nth}" for nth in range(2, 2 + MAX_ADDRESSES - 1)]
    with Server({"/": answer(HTML)}) as portal:
        assert get(portal.url(), resolve=at(*refused, "127.0.0.1")).status == 200


def test_an_unreachable_address_is_skipped() -> None:
    """Discard-only IPv6 (RFC 6666): no route, as on a machine without IPv6."""
    with Server({"/": answer(HTML)}) as portal:
        assert get(portal.url(), resolve=at("100::1", "127.0.0.1")).status == 200


def test_a_failed_connection_has_the_error_of_the_system() -> None:
    url = f"http://www.portal.localhost:{refusing()}/"
    error = refusal(url, resolve=at("127.0.0.2", "127.0.0.1"))
    assert error.reason == "no connection: Connection refused"
    assert error.may_pass


def test_the_owner_of_a_name_does_not_choose_how_many_connections_we_try() -> None:
    many = [f"127.0.{high}.{low}" for high in range(9) for low in range(256)]
    url = parse("http://portal.localhost/")
    addresses = asyncio.run(public_addresses(url, "portal.localhost", 80, at(*many), home=True))
    assert addresses == many[:MAX_ADDRESSES]


@pytest.mark.parametrize(
    ("found", "tried"),
    [
        (("::1", "::2", "::3", "1.1.1.1", "1.1.1.2"), ["::1", "1.1.1.1", "::2", "1.1.1.2", "::3"]),
        (("1.1.1.1", "::1", "1.1.1.1", "1.1.1.2"), ["1.1.1.1", "::1", "1.1.1.2"]),
        (("::1", "::2"), ["::1", "::2"]),
    ],
)
def test_both_families_are_tried_in_turn(found: tuple[str, ...], tried: list[str]) -> None:
    url = parse("http://portal.localhost/")
    addresses = public_addresses(url, "portal.localhost", 80, at(*found), home=True)
    assert asyncio.run(addresses) == tried


@pytest.mark.parametrize(
    "others",
    [
        pytest.param([hanging], id="hangs"),
        pytest.param([failing], id="fails"),
        pytest.param([hanging, failing, hanging], id="both"),
        pytest.param([], id="alone"),
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_the_successful_connection_is_used(
    others: list[Callable[[], Awaitable[Stream]]], first: bool
) -> None:
    async def race() -> bool:
        good = Stream()

        async def connecting() -> Stream:
            return good

        attempts = [connecting, *others] if first else [*others, connecting]
        return await first_connected(attempts) is good and len(asyncio.all_tasks()) == 1

    assert asyncio.run(race())


def test_a_connection_that_is_made_too_late_is_closed() -> None:
    async def race() -> list[bool]:
        streams, both = [Stream(), Stream()], asyncio.Event()

        async def slow() -> Stream:
            await both.wait()
            return streams[0]

        async def fast() -> Stream:
            both.set()
            return streams[1]

        winner = await first_connected([slow, fast])
        return [stream.closed == (stream is not winner) for stream in streams]

    assert asyncio.run(race()) == [True, True]


def test_the_error_is_that_of_the_last_attempt_if_all_fail() -> None:
    with pytest.raises(httpcore.ConnectError, match="refused"):
        asyncio.run(first_connected([failing, failing]))


def test_a_cancelled_race_leaves_no_attempt_behind() -> None:
    async def race() -> int:
        racing = asyncio.create_task(first_connected([hanging, hanging]))
        await asyncio.sleep(0.01)
        racing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await racing
        return len(asyncio.all_tasks())

    assert asyncio.run(race()) == 1

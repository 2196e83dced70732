"""A gRPC client that is not ours and not Go's: aetcd, on Python's gRPC.

    python grpc_client.py HOST PORT

Each step says what it expects by failing if it is otherwise.
"""

import asyncio
import io
import sys

import aetcd


async def writes_and_reads(client):
    await client.delete_range(b"\0", b"\0")
    await client.put(b"a", b"1")
    before = await client.put(b"a", b"2", prev_kv=True)
    assert before.prev_kv.value == b"1"
    got = await client.get(b"a")
    assert (got.key, got.value, got.version) == (b"a", b"2", 2)
    assert await client.get(b"absent") is None
    assert await client.replace(b"a", b"2", b"3")
    assert not await client.replace(b"a", b"2", b"4")
    for name in (b"p/1", b"p/2", b"p/3"):
        await client.put(name, name)
    found = await client.get_prefix(b"p/", sort_order="descend")
    assert [value.key for value in found] == [b"p/3", b"p/2", b"p/1"]
    deleted = await client.delete_prefix(b"p/", prev_kv=True)
    assert deleted.deleted == 3
    assert (await client.delete(b"absent")) is None


async def transactions(client):
    there = client.transactions
    succeeded, answers = await client.transaction(
        compare=[there.value(b"a") == b"3", there.version(b"no") == 0],
        success=[there.put(b"t", b"1"), there.get(b"t")],
        failure=[there.put(b"t", b"0")],
    )
    assert succeeded
    ((value, _),) = answers[1]
    assert value == b"1"
    succeeded, _ = await client.transaction(
        compare=[there.create(b"t") == 0], success=[there.put(b"t", b"2")], failure=[]
    )
    assert not succeeded


async def watches(client):
    first = (await client.put(b"w/1", b"1")).header.revision
    watch = await client.watch_prefix(b"w/", start_revision=first)
    await client.put(b"w/2", b"2")
    await client.delete(b"w/1")
    seen = []
    async for event in watch:
        seen.append((event.kind, event.kv.key))
        if len(seen) == 3:
            await watch.cancel()
            break
    assert seen == [("PUT", b"w/1"), ("PUT", b"w/2"), ("DELETE", b"w/1")], seen


async def leases(client):
    lease = await client.lease(60)
    await client.put(b"l", b"1", lease=lease)
    assert (await client.get(b"l")).lease == lease.id
    assert 0 < await lease.remaining_ttl() <= 60
    assert await lease.keys() == [b"l"]
    renewed = await lease.refresh()
    assert renewed.TTL == 60
    await lease.revoke()
    assert await client.get(b"l") is None


async def locks(client):
    lock = client.lock(b"lock", ttl=60)
    assert await lock.acquire()
    other = client.lock(b"lock", ttl=60)
    try:
        assert not await other.acquire(timeout=1)
    except asyncio.TimeoutError:
        pass
    assert await lock.is_acquired()
    assert await lock.release()
    assert await other.acquire()
    await other.release()


async def maintenance(client):
    status = await client.status()
    assert status.version.startswith("3.")
    members = [member async for member in client.members()]
    assert len(members) == 3 and all(member.client_urls for member in members)
    assert status.leader.id in [member.id for member in members]
    assert [alarm async for alarm in client.list_alarms()] == []
    await client.compact(2, physical=True)
    await client.defragment()
    backup = io.BytesIO()
    await client.snapshot(backup)
    assert backup.tell() > 0


async def main(host, port):
    async with aetcd.Client(host=host, port=int(port), timeout=30) as client:
        steps = [writes_and_reads, transactions, watches, leases, locks, maintenance]
        for step in steps:
            await step(client)
            print(step.__name__, flush=True)


asyncio.run(main(*sys.argv[1:]))

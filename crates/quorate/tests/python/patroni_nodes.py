"""Two nodes of Patroni, by Patroni's own code for etcd 3, while a leader of the cluster dies.

    python patroni_nodes.py HOST:PORT,HOST:PORT,...

Patroni keeps a PostgreSQL cluster highly available: each node runs a loop in which it tells how it
is, reads what the others told, and holds or takes the leader's key, which lives as long as a lease.
Here is that loop without PostgreSQL. It says on stdout how far it is, and waits for a line on stdin
where somebody else is to act:

    holds       the first node has the leader's key, and the second sees it
                (a member of the cluster is killed)
    held        the first node has held the key through all rounds since then
    taken over  the first node went silent, and the second took the key, but not before its time
"""

import sys
import threading
import time

from patroni.dcs import get_dcs

ROUND = 0.2
TTL = 6


class Node:
    """One node, as its loop sees the world."""

    def __init__(self, name, hosts):
        config = {
            "scope": "demo", "name": name, "ttl": TTL, "loop_wait": 2, "retry_timeout": 10,
            "etcd3": {"hosts": hosts},
        }
        self.name = name
        self.dcs = get_dcs(config)

    def round(self):
        """One turn of the loop. Returns who leads, as this node knows now."""
        assert self.dcs.touch_member({"conn_url": f"postgres://{self.name}", "state": "running"})
        cluster = self.dcs.get_cluster()
        if cluster.is_unlocked():
            return self.name if self.dcs.attempt_to_acquire_leader() else None
        if cluster.leader_name == self.name:
            kept = self.dcs.update_leader(cluster, int(time.time()))
            assert kept, f"{self.name} lost the key"
        return cluster.leader_name


def say(line):
    # In one piece: what Patroni logs from other threads goes to the same file.
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def rounds_until(condition, patience=60):
    """Repeats rounds until what they return is right."""
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, "too long"
        time.sleep(ROUND)


def main():
    hosts = sys.argv[1]
    first, second = Node("first", hosts), Node("second", hosts)
    assert first.dcs.initialize(create_new=True, sysid="7000000000000000001")
    assert not second.dcs.initialize(create_new=True, sysid="7000000000000000002")
    assert first.dcs.set_config_value('{"ttl": 6}')

    rounds_until(lambda: first.round() == "first")
    rounds_until(lambda: second.round() == "first")
    cluster = second.dcs.get_cluster()
    assert cluster.initialize == "7000000000000000001"
    assert cluster.config.data == {"ttl": 6}
    assert sorted(member.name for member in cluster.members) == ["first", "second"]
    say("holds")

    sys.stdin.readline()
    # Longer than the key lives by itself: whoever is not heard of loses it.
    end = time.monotonic() + 2 * TTL
    while time.monotonic() < end:
        assert first.round() == "first"
        assert second.round() == "first"
        time.sleep(ROUND)
    # A value that was read in an old version is not written over.
    version = second.dcs.get_cluster().config.version
    assert first.dcs.set_config_value('{"ttl": 7}', version)
    assert not second.dcs.set_config_value('{"ttl": 8}', version)
    say("held")

    woken = threading.Event()

    def sleep_until_told():
        # Patroni's nodes sleep so between two rounds, and are woken when the leader's key goes.
        leader = second.dcs.cluster.leader
        while not second.dcs.watch(leader.version, 30):
            pass
        woken.set()

    first.round()
    renewed = time.monotonic()
    second.round()
    threading.Thread(target=sleep_until_told, daemon=True).start()
    assert woken.wait(60), "nobody woke the second node"
    rounds_until(lambda: second.round() == "second")
    silent = time.monotonic() - renewed
    assert silent >= TTL - 0.5, f"the key went after {silent} s"
    say("taken over")

    assert second.dcs.delete_leader(second.dcs.get_cluster().leader)
    rounds_until(lambda: first.round() == "first")
    assert first.dcs.delete_cluster()
    say("done")


main()

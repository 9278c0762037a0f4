"""Fifty processes at once through one Redis, the token expired: ours against a hand-written redis-py lock.

`python -m benchmarks.team_lock [--processes 50] [--server 0.15]`. Both sides run the same worker processes with warm
imports: at the word, each wants a token; one makes the call (a sleep of `--server` seconds), the others take its
result. Printed: wall time from the word to the last process, and how many calls were made.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from redis.asyncio import Redis

from nomba_desktop.adapters.aesgcm_sealing import Sealer
from nomba_desktop.adapters.filelock_lock import FileSessionLock
from nomba_desktop.adapters.redis_follow import TeamFollower
from nomba_desktop.adapters.redis_lock import TeamSessionLock
from nomba_desktop.adapters.redis_news import News
from nomba_desktop.adapters.redis_rows import TeamSealer
from nomba_desktop.adapters.redis_sessions import TeamSessionStore
from nomba_desktop.adapters.redis_team import TeamAddress, TeamConnection
from nomba_desktop.adapters.sqlite_database import Database
from nomba_desktop.adapters.sqlite_mirror import SqliteMirror
from nomba_desktop.adapters.system_clock import SystemChance, SystemClock
from nomba_desktop.domain.environments import SessionId

ROOT = Path(__file__).parent.parent
TEAM, KEY = "bench", b"B" * 32


async def ours(port: int, folder: Path, number: int, server: float) -> int:
    """One waiter with the program's own store, lock and follower; returns how many calls it made."""
    clock, chance, news = SystemClock(), SystemChance(), News()
    session = SessionId("bench.example", "client")
    database = await Database.open(folder / "keys.db", clock)
    team = TeamConnection(TeamAddress("127.0.0.1", port, tls=False), TEAM, TeamSealer(KEY), chance)
    store = TeamSessionStore(
        team, SqliteMirror(database, Sealer(KEY)), clock, chance, str(number), on_rollback=print
    )
    lock = TeamSessionLock(
        team,
        FileSessionLock(folder / "locks", clock, str(number)),
        news,
        clock,
        chance,
        who=str(number),
        machine="bench",
        look=store.refresh,
    )
    up = asyncio.Event()
    follower = TeamFollower(team, store, news, clock, on_link=lambda _: up.set(), report=print)
    following = asyncio.create_task(follower.run())
    store.read(session)
    await up.wait()
    calls = 0
    await ready()
    while True:
        since = lock.news(session)
        if store.read(session).generation:
            break
        async with lock.try_hold(session) as owner:
            if owner is None:
                if not store.read(session).generation:
                    calls += 1
                    await asyncio.sleep(server)
                    await store.apply(session, lambda r: replace(r, generation=1))
                break
        if store.read(session).generation:
            break
        await lock.changed(session, since, 20.0)
    done(calls)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    await team.aclose()
    await database.aclose()
    return calls


async def handwritten(port: int, folder: Path, number: int, server: float) -> int:
    """One waiter with redis-py's own lock (blocking, it polls every 0.1 s) and a double check."""
    del folder, number
    client = Redis(host="127.0.0.1", port=port)
    await client.ping()
    calls = 0
    await ready()
    if not await client.get("token"):
        async with client.lock("lock", timeout=30, blocking_timeout=60):
            if not await client.get("token"):
                calls += 1
                await asyncio.sleep(server)
                await client.set("token", "new")
    done(calls)
    await client.aclose()
    return calls


async def ready() -> None:
    print("ready", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)


def done(calls: int) -> None:
    print(calls, flush=True)


def round_of(kind: str, processes: int, server: float) -> tuple[float, int]:
    with tempfile.TemporaryDirectory() as name:
        port = free_port()
        program = shutil.which("redis-server") or shutil.which("valkey-server") or "redis-server"
        options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        redis = subprocess.Popen([program, *options], cwd=name, stdout=subprocess.PIPE)
        assert redis.stdout
        for line in redis.stdout:
            if b"Ready to accept" in line:
                break
        command = [sys.executable, "-m", "benchmarks.team_lock", "--worker", kind, "--port", str(port)]
        command += ["--folder", name, "--server", str(server)]
        workers = [
            subprocess.Popen([*command, "--number", str(n)], stdin=-1, stdout=-1, text=True, cwd=ROOT)
            for n in range(processes)
        ]
        try:
            for worker in workers:
                assert worker.stdout
                assert worker.stdout.readline() == "ready\n"
            began = time.perf_counter()
            for worker in workers:
                assert worker.stdin
                worker.stdin.write("go\n")
                worker.stdin.flush()
            calls = sum(int(worker.stdout.readline()) for worker in workers if worker.stdout)
            wall = time.perf_counter() - began
            for worker in workers:
                worker.wait(60)
        finally:
            for worker in workers:
                worker.kill()
            redis.kill()
            redis.wait()
    return wall, calls


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=50)
    parser.add_argument("--server", type=float, default=0.15)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--worker", choices=["ours", "handwritten"])
    parser.add_argument("--port", type=int)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--number", type=int, default=0)
    chosen = parser.parse_args()
    if chosen.worker:
        work = ours if chosen.worker == "ours" else handwritten
        asyncio.run(work(chosen.port, chosen.folder, chosen.number, chosen.server))
        return
    walls: dict[str, list[float]] = {"ours": [], "handwritten": []}
    calls: dict[str, list[int]] = {"ours": [], "handwritten": []}
    for _ in range(chosen.rounds):
        for kind, seconds in walls.items():
            wall, made = round_of(kind, chosen.processes, chosen.server)
            seconds.append(wall)
            calls[kind].append(made)
    medians = {kind: statistics.median(values) for kind, values in walls.items()}
    print(
        json.dumps(
            {
                "processes": chosen.processes,
                "server": chosen.server,
                "wall": {kind: round(value, 3) for kind, value in medians.items()},
                "calls": calls,
                "ratio": round(medians["ours"] / medians["handwritten"], 2),
                "limit": 1.0,
            }
        )
    )


if __name__ == "__main__":
    main()

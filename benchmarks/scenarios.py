"""The scenarios: what is started, what is sent at it, and which bar the outcome is held against."""

from itertools import zip_longest
from typing import Any

from benchmarks.bench import Bench
from benchmarks.campaigns import campaigns_scenario
from benchmarks.console import console
from benchmarks.mail import mail
from benchmarks.pushes import pushes
from benchmarks.report import Row, median
from benchmarks.servers import Server, Servers, stored_rows

CONNECTIONS = 32
OPEN_CONNECTIONS = 256
SYNC = ("sync", 2, 1)
GTHREAD = ("gthread", 2, 16)
# Workers do not share connections evenly; with this many threads none of them makes one wait.
GTHREAD_WIDE = ("gthread", 2, 32)
PEERS = {0: (SYNC, GTHREAD), 50: (SYNC, GTHREAD, GTHREAD_WIDE)}

ANSWER_HANDLERS = 64  # threads of our web process that answer

# A little above the bar, so that a met bar does not rest on the last message's luck.
OFFERED_600 = 610
SUSTAINED = 600

DOOR_P99_MS = 50
DOOR_RATIO = 1.7
DOOR_RATIO_50MS = 4.0


def rig(bench: Bench) -> None:
    """What generator and stub reach against each other: far above anything they measure."""
    with Servers(bench.app_dir) as servers:
        stub = servers.start_stub(0)
        runs = []
        for number in range(1, bench.rounds + 1):
            runs.append(bench.load("rig", stub, stub, count=20000, connections=CONNECTIONS))
            bench.keep(runs[-1], number)
    rate = median(run["per_second"] for run in runs)
    bench.report.add(Row("rig", "generator against stub", "-", "-", f"{rate:,.0f} req/s"))


def door(bench: Bench) -> None:
    """Acknowledged and durable webhooks a second, LINE's API at once."""
    _door(bench, "door", 0, DOOR_RATIO)


def door_50ms(bench: Bench) -> None:
    """The same while LINE's API takes 50 ms, for which the peer's request has to wait."""
    _door(bench, "door-50ms", 50, DOOR_RATIO_50MS)


def _door(bench: Bench, scenario: str, latency_ms: int, bar: float) -> None:
    with Servers(bench.app_dir) as servers:
        stub = servers.start_stub(latency_ms)
        sqlite, postgres = servers.sqlite_url(), servers.postgres_url()
        ours = {
            "ours, SQLite, 1 process": (
                servers.start_ours(stub, sqlite, workers=1, handlers=0),
                sqlite,
            ),
            "ours, PostgreSQL, 2 workers": (
                servers.start_ours(stub, postgres, workers=2, handlers=0),
                postgres,
            ),
        }
        peers = {
            f"gunicorn {kind} {workers}x{threads}": servers.start_peer(stub, kind, workers, threads)
            for kind, workers, threads in PEERS[latency_ms]
        }
        bench.bystanders = [*peers.values(), *(server for server, _ in ours.values())]
        for target in bench.bystanders:
            bench.warm_up(target, stub)
        runs: dict[str, list[dict[str, Any]]] = {name: [] for name in [*peers, *ours]}
        lost: dict[str, int] = dict.fromkeys(ours, 0)
        for number in range(1, bench.rounds + 1):
            for peer, our in zip_longest(peers, ours):
                runs[peer].append(_door_run(bench, scenario, peers[peer], stub, number))
                if our is None:
                    continue
                server, url = ours[our]
                before = stored_rows(url)
                run = _door_run(bench, scenario, server, stub, number)
                run["stored"] = stored_rows(url) - before
                lost[our] += abs(run["acknowledged"] - run["stored"])
                runs[our].append(run)
        bench.bystanders = []
    _judge_door(bench, scenario, latency_ms, bar, runs, list(peers), lost)


def _door_run(
    bench: Bench, scenario: str, target: Server, stub: Server, number: int
) -> dict[str, Any]:
    run = bench.load(
        scenario,
        target,
        stub,
        seconds=bench.seconds,
        connections=CONNECTIONS,
        users=bench.users,
        seed=number,
    )
    bench.keep(run, number)
    return run


def _judge_door(
    bench: Bench,
    scenario: str,
    latency_ms: int,
    bar: float,
    runs: dict[str, list[dict[str, Any]]],
    peers: list[str],
    lost: dict[str, int],
) -> None:
    rates = {name: median(run["per_second"] for run in found) for name, found in runs.items()}
    p99s = {name: median(run["ack_ms"]["p99"] for run in found) for name, found in runs.items()}
    best = max(peers, key=rates.__getitem__)
    add = bench.report.add
    for name in peers:
        note = "the peer's best" if name == best else "another setting"
        figures = f"{rates[name]:,.0f} req/s, p99 {p99s[name]:.0f} ms"
        add(Row(scenario, f"{name} ({note})", figures, "-", "-"))
    # The stub works on the same cores and only for the peer, so a second ratio lets it off that.
    cores = bench.report.about["cores"]
    relief = median(cores / (cores - run["stub_cpu"]) for run in runs[best])
    for name, differing in lost.items():
        rate, p99 = rates[name], p99s[name]
        p50 = median(run["ack_ms"]["p50"] for run in runs[name])
        ratio = rate / rates[best]
        refused = sum(run["failed"] for run in runs[name])
        acknowledged = sum(run["acknowledged"] for run in runs[name])
        peer = f"{rates[best]:,.0f} req/s"
        ours = f"{rate:,.0f} req/s"
        add(Row(scenario, name, peer, ours, f"{ratio:.2f}x", f">= {bar}x", ratio >= bar))
        if latency_ms == 0:
            figure = f"{name}: had the stub cost the peer nothing"
            peer = f"{rates[best] * relief:,.0f} req/s"
            add(Row(scenario, figure, peer, ours, f"{ratio / relief:.2f}x"))
        latency = f"p50 {p50:.1f}, p99 {p99:.1f} ms"
        peer = f"p99 {p99s[best]:.1f} ms"
        limit = f"p99 < {DOOR_P99_MS} ms"
        add(Row(scenario, f"{name}: ack", peer, latency, latency, limit, p99 < DOOR_P99_MS))
        figure = f"{name}: not answered with 200"
        add(Row(scenario, figure, "-", str(refused), str(refused), "0", refused == 0))
        figure = f"{name}: stored, of acknowledged"
        stored = sum(run["stored"] for run in runs[name])
        met = differing == 0
        add(Row(scenario, figure, "-", str(stored), f"of {acknowledged}", "equal", met))


def answer_600(bench: Bench) -> None:
    """Full answers by one process on SQLite, LINE's API taking 50 ms."""
    runs = _answers(bench, "answer-600", 50, OFFERED_600)
    rate = median(run["in_time_per_second"] for run in runs)
    p50 = median(run["reply_ms"]["p50"] for run in runs)
    p99 = median(run["reply_ms"]["p99"] for run in runs)
    backlog = median(run["backlog_at_end"] for run in runs)
    drained = median(run["drained_after_ms"] for run in runs)
    add, name = bench.report.add, "answer-600"
    sustained = f">= {SUSTAINED}/s"
    figure = f"answered, of {OFFERED_600}/s offered"
    add(Row(name, figure, "-", f"{rate:.1f}/s", f"{rate:.1f}/s", sustained, rate >= SUSTAINED))
    ours = f"p50 {p50:.1f} ms"
    add(Row(name, "webhook to reply call", "-", ours, f"p99 {p99:.1f} ms", "< 150 ms", p99 < 150))
    ours = f"{backlog:.0f} messages"
    add(Row(name, "open when the last was due", "-", ours, f"drained in {drained:.0f} ms"))
    _add_losses(bench, name, runs)


def answer_50(bench: Bench) -> None:
    """An ordinary day: 50 messages a second, LINE's API at once."""
    runs = _answers(bench, "answer-50", 0, 50)
    p50 = median(run["reply_ms"]["p50"] for run in runs)
    p99 = median(run["reply_ms"]["p99"] for run in runs)
    add, name = bench.report.add, "answer-50"
    add(
        Row(
            name,
            "webhook to reply call, p50",
            "-",
            f"{p50:.1f} ms",
            f"{p50:.1f} ms",
            "< 15 ms",
            p50 < 15,
        )
    )
    add(
        Row(
            name,
            "webhook to reply call, p99",
            "-",
            f"{p99:.1f} ms",
            f"{p99:.1f} ms",
            "< 60 ms",
            p99 < 60,
        )
    )
    _add_losses(bench, name, runs)


def _answers(bench: Bench, scenario: str, latency_ms: float, rate: float) -> list[dict[str, Any]]:
    runs = []
    with Servers(bench.app_dir) as servers:
        stub = servers.start_stub(latency_ms)
        ours = _answering(servers, stub)
        bench.introduce(ours, stub, latency_ms)
        for number in range(1, bench.rounds + 1):
            run = bench.load(
                scenario,
                ours,
                stub,
                loop="open",
                rate=rate,
                seconds=bench.seconds,
                connections=OPEN_CONNECTIONS,
                users=bench.users,
                seed=number,
                stub=stub.netloc,
            )
            _require_replies(run)
            bench.keep(run, number)
            runs.append(run)
    return runs


def answer_max(bench: Bench) -> None:
    """Everything at once, until the last answer: stored, handled and replied against echoed."""
    count = int(1000 * bench.seconds)
    with Servers(bench.app_dir) as servers:
        stub = servers.start_stub(0)
        contenders = [servers.start_peer(stub, *SYNC), _answering(servers, stub)]
        bench.warm_up(contenders[0], stub)
        bench.introduce(contenders[1], stub, 0)
        runs: list[list[dict[str, Any]]] = [[], []]
        for number in range(1, bench.rounds + 1):
            for target, kept in zip(contenders, runs, strict=True):
                run = bench.load(
                    "answer-max",
                    target,
                    stub,
                    count=count,
                    connections=CONNECTIONS,
                    users=bench.users,
                    seed=number,
                    stub=stub.netloc,
                )
                _require_replies(run)
                bench.keep(run, number)
                kept.append(run)
    peer, ours = (median(run["answered_per_second"] for run in found) for found in runs)
    figures = f"{peer:,.0f}/s", f"{ours:,.0f}/s", f"{ours / peer:.2f}x"
    bench.report.add(Row("answer-max", "full answers, one process", *figures))
    _add_losses(bench, "answer-max", runs[1])


def _answering(servers: Servers, stub: Server) -> Server:
    url = servers.sqlite_url()
    return servers.start_ours(stub, url, workers=1, handlers=ANSWER_HANDLERS)


def _require_replies(run: dict[str, Any]) -> None:
    if not run["answered"]:
        raise RuntimeError(f"{run['target']} replied to none of {run['sent']} messages: {run}")


def _add_losses(bench: Bench, scenario: str, runs: list[dict[str, Any]]) -> None:
    unanswered = sum(run["unanswered"] for run in runs)
    doubled = sum(run["stub"]["duplicates"] for run in runs)
    sent = sum(run["sent"] for run in runs)
    result = f"{unanswered} / {doubled}"
    figure = "without a reply / replied twice"
    met = unanswered == 0 and doubled == 0
    bench.report.add(Row(scenario, figure, "-", f"of {sent}", result, "0 / 0", met))


SCENARIOS = {
    "rig": rig,
    "door": door,
    "door-50ms": door_50ms,
    "answer-600": answer_600,
    "answer-50": answer_50,
    "answer-max": answer_max,
    "pushes": pushes,
    "campaigns": campaigns_scenario,
    "mail": mail,
    "console": console,
}

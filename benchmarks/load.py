"""One run of load against one server, in a process of its own; prints what happened as JSON."""

import argparse
import gc
import http.client
import json
import sys
import time
from collections import Counter
from collections.abc import Iterable
from urllib.parse import urlsplit

from benchmarks.generator import Generator
from benchmarks.traffic import Factory, Webhook, schedule

QUIET = 5.0  # seconds without a new reply after which nobody is waited for
LONGEST_DRAIN = 120.0
CEILING = 9000  # requests a second that are built for a closed loop


def percentile(values: list[float], share: float) -> float:
    """Nearest rank; values must be sorted."""
    if not values:
        return float("nan")
    return values[min(len(values) - 1, int(share * len(values)))]


def spread_ms(values: Iterable[float]) -> dict[str, float]:
    ordered = sorted(values)
    if not ordered:
        return {}
    return {
        "p50": percentile(ordered, 0.50) * 1000,
        "p90": percentile(ordered, 0.90) * 1000,
        "p99": percentile(ordered, 0.99) * 1000,
        "max": ordered[-1] * 1000,
    }


def ask(netloc: str, path: str) -> dict[str, float]:
    connection = http.client.HTTPConnection(netloc, timeout=30)
    connection.request("GET", path)
    answer: dict[str, float] = json.loads(connection.getresponse().read())
    connection.close()
    return answer


def wait_for_replies(stub: str, expected: int, quiet: float) -> None:
    """Until all replies are in, or none has come for a while."""
    seen, seen_at, started = -1, time.monotonic(), time.monotonic()
    while seen < expected and time.monotonic() - started < LONGEST_DRAIN:
        count = int(ask(stub, "/__stats")["count"])
        if count > seen:
            seen, seen_at = count, time.monotonic()
        elif time.monotonic() - seen_at > quiet:
            return
        time.sleep(0.05)


def door_report(generator: Generator, started: float, until: float) -> dict[str, object]:
    numbers = [n for n, end in enumerate(generator.ended) if end]
    good = [n for n in numbers if generator.status[n] == 200]
    inside = [n for n in good if generator.ended[n] <= until]
    seconds = until - started
    return {
        "seconds": seconds,
        "sent": generator.sent,
        "acknowledged": len(good),
        "per_second": len(inside) / seconds,
        "status": dict(Counter(str(generator.status[n]) for n in numbers)),
        "errors": dict(generator.troubles),
        "failed": generator.sent - len(good),
        "ack_ms": spread_ms(generator.ended[n] - generator.begun[n] for n in good),
        "connections_opened": generator.opened,
        "retried": len(generator.retried),
        "late_ms": spread_ms(generator.lateness),
    }


def answer_report(
    webhooks: list[Webhook],
    generator: Generator,
    times: dict[str, float],
    span: tuple[float, float],
    grace: float,
) -> dict[str, object]:
    """From the moment a webhook was due to the moment its reply call stood at LINE's door."""
    started, last_due = span
    arrivals = [
        (times[webhook.token], generator.begun[n])
        for n, webhook in enumerate(webhooks[: generator.sent])
        if webhook.token in times
    ]
    if not arrivals:
        return {"answered": 0, "answered_per_second": 0.0, "unanswered": generator.sent}
    last = max(arrival for arrival, _ in arrivals)
    in_time = sum(arrival <= last_due + grace for arrival, _ in arrivals)
    at_end = sum(arrival <= last_due for arrival, _ in arrivals)
    return {
        "answered": len(arrivals),
        "unanswered": generator.sent - len(arrivals),
        "foreign": len(times) - len(arrivals),
        # Of a steady stream: what was answered by a grace after its end, over its length.
        "in_time_per_second": in_time / (last_due - started),
        # Of a burst: everything, over the time until the last of it.
        "answered_per_second": len(arrivals) / (last - started),
        "backlog_at_end": generator.sent - at_end,
        "drained_after_ms": max(0.0, last - last_due) * 1000,
        "reply_ms": spread_ms(arrival - begun for arrival, begun in arrivals),
    }


def options_from(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.load", description=__doc__)
    parser.add_argument("url", help="where webhooks go, for example http://127.0.0.1:8000/callback")
    parser.add_argument("--loop", choices=("closed", "open"), default="closed")
    parser.add_argument("--kind", choices=("text", "follow"), default="text")
    parser.add_argument("--connections", type=int, default=32, help="at most, in an open loop")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--count", type=int, help="closed loop: as many requests, however long")
    parser.add_argument("--rate", type=float, default=50.0, help="open loop: messages a second")
    parser.add_argument("--spacing", choices=("poisson", "even"), default="poisson")
    parser.add_argument("--users", type=int, default=2000)
    parser.add_argument("--text", default="help")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--stub", help="host:port of the LINE stub, to follow messages to it")
    parser.add_argument("--grace-ms", type=float, default=150.0)
    parser.add_argument("--quiet", type=float, default=QUIET)
    return parser.parse_args(arguments)


def main() -> None:
    options = options_from(sys.argv[1:])
    url = urlsplit(options.url)
    factory = Factory(host=url.netloc, path=url.path, users=options.users, seed=options.seed)
    due: list[float] = []
    if options.kind == "follow":
        webhooks = factory.follows()
    elif options.loop == "open":
        due = schedule(options.rate, options.seconds, options.spacing, options.seed)
        webhooks = factory.texts(len(due), options.text, due)
    else:
        count = options.count or int(options.seconds * CEILING)
        webhooks = factory.texts(count, options.text)
    is_counted = options.kind == "follow" or options.count is not None

    generator = Generator((url.hostname or "", url.port or 80), [w.request for w in webhooks])
    gc.collect()
    gc.freeze()
    gc.disable()
    cpu, wall = time.process_time(), time.monotonic()
    if options.loop == "open":
        started, _ = generator.open_loop(due, options.connections)
        until = started + options.seconds
    else:
        seconds = None if is_counted else options.seconds
        started, until = generator.closed_loop(options.connections, seconds)
    cpu_share = (time.process_time() - cpu) / (time.monotonic() - wall)
    # In an open loop every acknowledgement counts, also one after the last message was due.
    report = door_report(generator, started, until)
    report["generator_cpu"] = cpu_share
    report["ran_out"] = not is_counted and not due and generator.sent == len(webhooks)
    if options.stub:
        wait_for_replies(options.stub, generator.sent, options.quiet)
        times = ask(options.stub, "/__times")
        grace = options.grace_ms / 1000
        report |= answer_report(webhooks, generator, times, (started, until), grace)
    json.dump(report, sys.stdout)


if __name__ == "__main__":
    main()

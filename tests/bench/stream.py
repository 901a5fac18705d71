"""Measure a stream on its whole way, from the server to the screen, beside the naive widget.

In one run, in real JupyterLab and real Chromium: bytes and messages over the websocket, CPU of the
kernel, main-thread time of the page, first and last token to the DOM, frames over 50 ms; and the
final text of ours must be exact. ``python tests/bench/stream.py [--short]`` prints a table;
``--profile FILE`` prints instead where the kernel's time goes.
"""

from __future__ import annotations

import argparse
import math
import pstats
import sys
from contextlib import ExitStack
from dataclasses import fields, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.situations import NAIVE, OURS, PATIENCE_S, Bench, Measured, Workload

WORKLOADS = {
    "W1": Workload(2_000, 200),
    "W2": Workload(20_000, 1_000),
    "slow link": Workload(2_000, 200, slow_link=True),
    "20 widgets": Workload(1_000, 50, widgets=20),
    "hidden tab": Workload(2_000, 200, hidden=True),
}

# The turns' thread is the one that all of a stream runs on; its own clock does not count waiting.
PROFILE = """
import cProfile, time
from printer_widget.loop import turns as loop
profile = cProfile.Profile(time.thread_time)
loop.call(profile.enable)
"""

NAMES = [field.name for field in fields(Measured)]


def compare(bench: Bench, workloads: dict[str, Workload], kinds: dict[str, tuple[str, ...]]) -> str:
    """Print a table; return which rows of ours are not exact."""
    print("\t".join(["", "", *NAMES]))
    wrong = []
    for name, workload in workloads.items():
        rows = {kind: bench.measure(cells, workload) for kind, cells in kinds.items()}
        for kind, row in rows.items():
            shown = [_shown(getattr(row, field)) for field in NAMES]
            print("\t".join([name, kind, *shown]), flush=True)
        if "naive" in rows:
            ratios = [_ratio(rows["naive"], rows["ours"], field) for field in NAMES[:-2]]
            print("\t".join([name, "ours/naive", *ratios]), flush=True)
        if not rows["ours"].exact:
            wrong.append(name)
    return ", ".join(wrong)


def profile(bench: Bench, file: Path) -> None:
    """Print where the turns' thread spends its time on the largest workload."""
    make, ask = OURS
    dump = f"loop.call(profile.disable); profile.dump_stats({str(file.resolve())!r})"
    bench.measure((make + PROFILE, ask, dump), WORKLOADS["W2"])
    pstats.Stats(str(file)).strip_dirs().sort_stats("tottime").print_stats(15)


def _shown(value: object) -> str:
    if value == math.inf:
        return f"not within {PATIENCE_S} s"
    return f"{value:.1f}" if isinstance(value, float) else str(value)


def _ratio(naive: Measured, ours: Measured, field: str) -> str:
    value, other = getattr(ours, field), getattr(naive, field)
    return f"1/{other / value:.1f}" if value and other != math.inf else "–"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--short", action="store_true", help="a quarter of each row of ours, without W2"
    )
    parser.add_argument("--ours", action="store_true", help="without the naive widget")
    parser.add_argument(
        "--profile", type=Path, metavar="FILE", help="W2 of ours under cProfile, kept in FILE"
    )
    options = parser.parse_args()
    if options.profile and sys.version_info >= (3, 12):
        parser.error("from Python 3.12 on, cProfile counts other threads, too: run it with 3.11")
    workloads = dict(WORKLOADS)
    if options.short:
        del workloads["W2"]
        workloads = {name: replace(w, count=w.count // 4) for name, w in workloads.items()}
    with ExitStack() as stack:
        bench = Bench(stack)
        if options.profile:
            profile(bench, options.profile)
            return
        kinds = {"ours": OURS} if options.ours or options.short else {"ours": OURS, "naive": NAIVE}
        if wrong := compare(bench, workloads, kinds):
            sys.exit(f"The text is not exact: {wrong}")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Time the whole program in turn with other programs on the same captures, and print the ratios of medians.

    benches/compare.py [--dir DIR] [--rounds N] [--quick] [--only KIND] [--without PROGRAM]... [--least] [--profile NAME]
    benches/compare.py --growth

Makes the captures with `cargo bench --bench generate` (about 7 GB; kept in DIR for the next time), reads each once so
that it is in the page cache, then runs all programs one after the other, round by round, so that a slow moment of the
machine hits all of them. `--quick` makes captures a tenth as long. Programs that are not installed are left out and
named. Needs Python alone; capinfos, tcptrace and tshark are in Debian's packages tshark, wireshark-common, tcptrace.
`--without` leaves one out, such as tshark, which takes half a minute. `--least` takes the least of all rounds, not the
median: on a machine where other things run, that says more. `--profile dist` measures what packages are built with,
`--program FILE` one that is there already.
`--growth` measures captures of a thousand to a million conversations, of eight frames each, instead.
"""
import argparse, os, shutil, signal, statistics, subprocess, sys, time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)

# Kind, frames, and which slow programs to run on it.
KINDS = {
    "mixed": (3_000_000, ("capinfos", "tcptrace", "tshark")),
    "small": (8_000_000, ("capinfos",)),
    "full": (700_000, ("capinfos",)),
    "conversations": (6_000_000, ()),
    "lab": (300, ()),
    "class-mixed": (3_000_000, ()),
    "class-small": (8_000_000, ()),
    "class-full": (700_000, ()),
    "class-conversations": (6_000_000, ()),
}
# Of these, captures of a thousand to a million conversations are made.
GROWTH = ("conversations", "class-conversations")
# The slow programs run in this many rounds at most: tshark alone takes half a minute.
SLOW_ROUNDS = {"tshark": 1, "tcptrace": 1}
# Seconds after which a program is ended: tcptrace has taken more than ten minutes.
MOST = 100


def run(command):
    """-> (wall seconds, processor seconds, peak memory in MiB, exit status)"""
    null = os.open(os.devnull, os.O_RDWR)
    start = time.perf_counter()
    pid = os.posix_spawnp(command[0], command, os.environ,
                          file_actions=[(os.POSIX_SPAWN_DUP2, null, fd) for fd in (0, 1, 2)])
    signal.signal(signal.SIGALRM, lambda *_: os.kill(pid, signal.SIGKILL))
    signal.alarm(MOST)
    _, status, usage = os.wait4(pid, 0)
    signal.alarm(0)
    wall = time.perf_counter() - start
    os.close(null)
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, os.waitstatus_to_exitcode(status)


def commands(program, path, slow):
    found = {"dd": ["dd", f"if={path}", "of=/dev/null", "bs=1M"],
             "socklab": [program, "analyze", path],
             "socklab json": [program, "analyze", path, "--format", "json"],
             "capinfos": ["capinfos", "-c", path],
             "tcptrace": ["tcptrace", "-b", path],
             "tshark": ["tshark", "-n", "-q", "-r", path, "-z", "conv,tcp", "-z", "conv,udp"],
             "true": ["true"]}
    wanted = ["true", "socklab"] if os.path.basename(path).startswith("lab") else ["dd", "socklab", "socklab json", *slow]
    return {name: found[name] for name in wanted}


def measure(program, path, slow, rounds):
    todo, rows, missing = commands(program, path, slow), {}, []
    for name in list(todo):
        if not shutil.which(todo[name][0]):
            missing.append(name)
            del todo[name]
    for number in range(rounds + 1):                       # the first round warms up and does not count
        for name, command in todo.items():
            if number > SLOW_ROUNDS.get(name, rounds) or (number == 0 and name in SLOW_ROUNDS):
                continue
            result = run(command)
            if result[3] not in (0, -signal.SIGKILL):
                sys.exit(f"{' '.join(command)}: exit status {result[3]}")
            if number > 0:
                rows.setdefault(name, []).append(result)
    return rows, missing


def program_of(profile):
    """Builds the program with a profile of the manifest."""
    subprocess.run(["cargo", "build", "--profile", profile, "--quiet"], cwd=ROOT, check=True)
    return os.path.join(os.environ.get("CARGO_TARGET_DIR", os.path.join(ROOT, "target")), profile, "socklab")


def capture_of(kind, frames, directory):
    """The capture, made if it is not there, in the page cache."""
    path = os.path.join(directory, f"{kind}-{frames}.pcapng")
    if not os.path.exists(path):
        subprocess.run(["cargo", "bench", "--quiet", "--bench", "generate", "--", kind, path, str(frames)],
                       cwd=ROOT, check=True)
    with open(path, "rb") as capture:
        while capture.read(1 << 20):                       # little: the peak of what is started begins with ours
            pass
    return path


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dir", default=os.path.join(ROOT, "target", "captures"))
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", choices=KINDS)
    parser.add_argument("--without", action="append", default=[], metavar="PROGRAM", help="tshark, tcptrace, capinfos")
    parser.add_argument("--least", action="store_true")
    parser.add_argument("--profile", default="release")
    parser.add_argument("--program", help="a program that is there already: none is built")
    parser.add_argument("--growth", action="store_true")
    args = parser.parse_args()
    sys.stdout.reconfigure(line_buffering=True)             # each capture's rows as soon as they are there
    os.makedirs(args.dir, exist_ok=True)
    program, middle = args.program or program_of(args.profile), min if args.least else statistics.median
    print(f"{'least' if args.least else 'medians'} of {args.rounds} rounds, all programs in turn, {args.program or args.profile}\n")
    print(f"| {'capture':52} | {'program':12} | {'wall s':>8} | {'cpu s':>8} | {'peak MiB':>8} | {'times the first':>15} | {'cpu':>6} |")
    print(f"|{'-' * 54}|{'-' * 14}|{'-' * 9}:|{'-' * 9}:|{'-' * 9}:|{'-' * 16}:|{'-' * 7}:|")
    kinds = [(kind, frames, slow) for kind, (frames, slow) in KINDS.items()]
    if args.growth:
        kinds = [(kind, 8 * 10**power, ()) for kind in GROWTH for power in (3, 4, 5, 6)]
    for kind, frames, slow in kinds:
        if args.only and kind != args.only:
            continue
        frames = frames // 10 if args.quick and frames > 1000 else frames
        path = capture_of(kind, frames, args.dir)
        slow = [name for name in slow if name not in args.without]
        rows, missing = measure(program, path, slow, args.rounds)
        label = f"{kind}: {frames:,} frames, {os.path.getsize(path) / 1e6:,.1f} MB"
        first = None
        for name, results in rows.items():
            if results[-1][3] != 0:
                print(f"| {label:52} | {name:12} | ended after {MOST} s |")
                continue
            wall, cpu, peak = (middle(column) for column in list(zip(*results))[:3])
            first = first or (wall, cpu)
            times, cpu_times = wall / first[0], cpu / first[1]
            print(f"| {label:52} | {name:12} | {wall:8.4f} | {cpu:8.4f} | {peak:8.1f} | {times:15.2f} | {cpu_times:6.2f} |")
        for name in missing:
            print(f"| {label:52} | {name:12} | not installed |")


if __name__ == "__main__":
    main()

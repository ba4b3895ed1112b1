"""Results as text: one case, a comparison, docs/benchmarks.md."""
import statistics


def median(tool, threads):
    times = tool["times"].get(str(threads), [])
    return statistics.median(times) if times else None


def spread(tool, threads):
    """Half the distance of the quartiles, relative to the median; None for one value."""
    times = tool["times"].get(str(threads), [])
    if len(times) < 3:
        return None
    q = statistics.quantiles(times, n=4, method="inclusive")
    return 0.5 * (q[2] - q[0]) / statistics.median(times)


def seconds(value):
    if value is None:
        return "-"
    for unit, factor in (("s", 1.0), ("ms", 1e3)):
        if value * factor >= 1.0:
            return f"{value * factor:.3g} {unit}"
    return f"{value * 1e6:.3g} us"


def timed(tool, threads):
    middle, wide = median(tool, threads), spread(tool, threads)
    if middle is None or wide is None:
        return seconds(middle)
    return f"{seconds(middle)} ±{100.0 * wide:.0f}%"


def best_peer(case, threads, value=median):
    """(name, value) of the peer with the least value, or (None, None)."""
    found = [(value(tool, threads), name) for name, tool in case["tools"].items()
             if name != "weir" and value(tool, threads) is not None]
    return min(found)[::-1] if found else (None, None)


def verdict(case, threads):
    """(ratio to the best peer, fraction of the floor, done) at so many threads."""
    weir = case["tools"].get("weir")
    mine = median(weir, threads) if weir else None
    if mine is None:
        return None, None, None
    _, other = best_peer(case, threads)
    ratio = other / mine if other else None
    part = case["floor"].get(str(threads), 0.0) / mine
    return ratio, part, (ratio is not None and ratio >= case["goal"]) or part >= 0.6


# ---- correctness ----

BIG_Z = 6.0
FAR = 2e-3  # nats per dimension between the density given with a draw and that of the row
WORSE = 0.05  # of the first objective, by which the last may be less: batches differ
OTHER = 0.12  # by which the first bounds of equal autoencoders may differ: their first weights
# are random, and PyTorch's convolutions begin anywhere from 5 % above to 9 % below


def wrong(case):
    """What is not right about the numbers that were timed; an empty list if nothing."""
    out = []
    for name, tool in case["tools"].items():
        checks = tool["checks"]
        if not checks.get("finite", True):
            out.append(f"{name}: a value is not finite")
        if checks.get("moments_z", 0.0) > BIG_Z:
            out.append(f"{name}: latents of draws are not standard normal: "
                       f"z = {checks['moments_z']:.1f}")
        if checks.get("density_difference", 0.0) > FAR:
            out.append(f"{name}: two densities of the same rows differ by "
                       f"{checks['density_difference']:.2g} nats per dimension")
        out += objectives(name, tool, case)
    return out + other_sizes(case)


def objectives(name, tool, case):
    """Training is finite and does not get worse; autoencoders begin at the same bound."""
    if not tool.get("objective"):
        return []
    first, last = tool["objective"]
    if not last > first - WORSE * abs(first):
        return [f"{name}: the objective went from {first:.4g} to {last:.4g}"]
    mine = case["tools"].get("weir", {}).get("objective")
    if case["title"].find("VAE") >= 0 and mine and abs(first / mine[0] - 1.0) > OTHER:
        return [f"{name}: the first bound is {first:.4g}, weir's {mine[0]:.4g}"]
    return []


def other_sizes(case):
    """Networks of the same architecture have the same number of parameters: nflows counts
    masked weights too, others differ by their linear layers or masks."""
    if "weir" not in case["tools"]:
        return []
    mine = case["tools"]["weir"]["parameters"]
    return [f"{name}: {tool['parameters']:,} parameters, weir has {mine:,}"
            for name, tool in case["tools"].items()
            if not 0.45 < mine / tool["parameters"] < 1.1]


# ---- text ----

def show_case(case):
    for name, tool in sorted(case["tools"].items(), key=lambda i: median(i[1], 2) or 9e9):
        peak = f"{tool['peak_mib']:.0f} MiB" if tool["peak_mib"] else "-"
        print(f"  {name:18}" + "".join(
            f"{t} thread{'s' if t != '1' else ' '} {timed(tool, t):16}"
            for t in sorted(tool["times"])) +
            f" first {seconds(tool['first']):9} peak {peak:9}"
            f"{tool['parameters']:,} parameters")
    for name, why in case["absent"].items():
        print(f"  left out: {why if why.startswith(name) else name + ': ' + why}")
    for t in sorted(case["floor"]):
        ratio, part, done = verdict(case, t)
        if part is not None:
            print(f"  {t} thread{'s' if t != '1' else ' '}: "
                  + (f"{ratio:.2f} times the best peer (goal {case['goal']:g}), "
                     if ratio else "")
                  + f"{100.0 * part:.0f} % of the floor of {seconds(case['floor'][t])}"
                  + (", done" if done else ""))
    for line in case["wrong"]:
        print(f"  WRONG {line}")


def compare(old, new):
    """weir of two result files, per case and number of threads."""
    print(f"{'case':16}{'threads':>8}{'old':>18}{'new':>18}{'old / new':>11}")
    for name, after in new["cases"].items():
        before = old["cases"].get(name)
        if before is None or "weir" not in before["tools"] or "weir" not in after["tools"]:
            continue
        for t in sorted(after["tools"]["weir"]["times"]):
            a, b = before["tools"]["weir"], after["tools"]["weir"]
            if median(a, t) and median(b, t):
                print(f"{name:16}{t:>8}{timed(a, t):>18}{timed(b, t):>18}"
                      f"{median(a, t) / median(b, t):>11.2f}")
    return 0


# ---- docs/benchmarks.md ----

def replace_between(path, name, body):
    """Puts body between the marks of that name."""
    with open(path) as f:
        text = f.read()
    begin = f"<!-- {name}: begin -->"
    left, right = text.index(begin) + len(begin), text.index(f"<!-- {name}: end -->")
    with open(path, "w") as f:
        f.write(text[:left] + "\n" + body + "\n" + text[right:])


def goal_table(results):
    lines = ["| case | weir, 1 thread | weir, 2 threads | best peer, 2 threads | "
             "best peer / weir | goal | floor, 2 threads | of the floor | done |",
             "|---|---|---|---|---|---|---|---|---|"]
    for case in results["cases"].values():
        weir = case["tools"].get("weir")
        if weir is None:
            lines.append(f"| {case['title']} | not yet in weir | | | | {case['goal']:g} "
                         f"| {seconds(case['floor'].get('2'))} | | |")
            continue
        name, other = best_peer(case, 2)
        ratio, part, done = verdict(case, 2)
        lines.append(
            f"| {case['title']} | {timed(weir, 1)} | {timed(weir, 2)} | "
            + (f"{name} {seconds(other)} | {ratio:.2f}" if name else "- | -")
            + f" | {case['goal']:g} | {seconds(case['floor'].get('2'))} | "
              f"{100.0 * (part or 0.0):.0f} % | {'yes' if done else 'no'} |")
    return lines


def peer_table(results):
    names = sorted({n for c in results["cases"].values() for n in c["tools"]} - {"weir"})
    lines = ["| case | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for case in results["cases"].values():
        cells = []
        for name in names:
            tool = case["tools"].get(name)
            cells.append("-" if tool is None else
                         f"{timed(tool, 1)} / {timed(tool, 2)}")
        lines.append(f"| {case['title']} | " + " | ".join(cells) + " |")
    return lines


def memory_table(results):
    lines = ["| case | weir, first call | best peer, first call | ratio | weir, peak "
             "memory | least peer | ratio |", "|---|---|---|---|---|---|---|"]
    for case in results["cases"].values():
        weir = case["tools"].get("weir")
        first, start = best_peer(case, 2, lambda tool, _: tool["first"])
        least, peak = best_peer(case, 2, lambda tool, _: tool["peak_mib"])
        if weir is None or first is None:
            continue
        lines.append(
            f"| {case['title']} | {seconds(weir['first'])} | {first} {seconds(start)} | "
            f"{start / weir['first']:.0f} | {weir['peak_mib']:.0f} MiB | "
            f"{least} {peak:.0f} MiB | {peak / weir['peak_mib']:.1f} |")
    return lines


def busy_lines(results):
    busy = results.get("busy")
    if not busy:
        return []
    lines = ["", "With another process spinning on one of the two cores (milliseconds a "
             f"step, {busy['title']}):", "",
             "| | 1 thread | 2 threads | two against one |", "|---|---|---|---|"]
    for name, t in busy["tools"].items():
        if not (t.get("1") and t.get("2")):
            continue
        one, two = statistics.median(t["1"]), statistics.median(t["2"])
        lines.append(f"| {name} | {1e3 * one:.0f} | {1e3 * two:.0f} | "
                     f"{two / one:.2f} times as long |")
    return lines


def head(results):
    m, c = results["machine"], results["ceilings"]
    cases = results["cases"].values()
    versions = sorted({v for case in cases for tool in case["tools"].values()
                       for v in (tool["version"] or "").split(", ") if " " in v})
    commits = sorted({case["commit"] for case in cases})
    dates = sorted({case["date"] for case in cases})
    return [f"Measured {' to '.join(dict.fromkeys((dates[0], dates[-1])))} at commit "
            f"{', '.join(commits)} on {m['cores']} cores of {m['cpu']} ({m['caches']}; "
            f"{m['system']}); products {c['1']['gemm']:.0f} and {c['2']['gemm']:.0f} GFLOP/s, "
            f"memory {c['1']['memory']:.0f} and {c['2']['memory']:.0f} GB/s on one and two "
            f"threads, load {m['load']:.1f} before the last case; peers: {', '.join(versions) or 'none'}. Command: `make bench`."]


def write(path, results):
    replace_between(path, "measured", "\n".join(head(results) + [""] + goal_table(results) + [
        "", "A case is done when it reaches its goal or 60 % of the floor.", "",
        "All peers, medians at 1 / 2 threads:", ""] + peer_table(results) + [
        "", "From the start of the process to the end of the first call (imports, "
        "compilation, building the model; two threads), and peak memory:", ""]
        + memory_table(results) + busy_lines(results)))

"""Makes an allocation again from its plan and two seeds, with Python's standard library alone, and says OK or NOT.

    python3 audit_allocation.py plan.json seeds.txt allocation.json

It is given to auditors with the record of a trial and uses nothing of the software that made the allocation. The rules
it follows: the seed of the draw is the SHA-256 of the two people's seeds, a line feed after each (so, of seeds.txt);
the key is that seed, a stroke and the SHA-256 of the plan; words are SHA-256 of "key/block", eight of four bytes each;
an integer below n is the first word below 2^32 - 2^32 mod n, modulo n; permutations are Fisher and Yates'.
"""

# mypy: ignore-errors
# ruff: noqa: B905

import hashlib
import itertools
import json
import math
import sys
from collections import Counter
from fractions import Fraction


def words(key):
    for block in itertools.count():
        digest = hashlib.sha256(f"{key}/{block}".encode("ascii")).digest()
        yield from (int.from_bytes(digest[i : i + 4], "big") for i in range(0, 32, 4))


def below(n, stream):
    return next(word for word in stream if word < 2**32 - 2**32 % n) % n


def permuted(entries, stream):
    entries = list(entries)
    for i in range(len(entries) - 1, 0, -1):
        j = below(i + 1, stream)
        entries[i], entries[j] = entries[j], entries[i]
    return entries


def strata_of(plan):
    return [[u for u, s in enumerate(plan["stratum_of_unit"]) if s == k] for k in range(len(plan["strata"]))]


def labels_of(plan):
    """The label of each unit before anything is shuffled: 0, 1, ..., round and round, stratum after stratum."""
    arms, order = len(plan["arms"]), [u for members in strata_of(plan) for u in members]
    return {unit: i % arms for i, unit in enumerate(order)}


def sampled(plan):
    """The scheme of each number in turn, each only once."""
    labels, seen = labels_of(plan), set()
    for number in itertools.count():
        stream = words(f"{plan['public_seed']}/{number}")
        names, scheme = permuted(range(len(plan["arms"])), stream), [0] * len(labels)
        for members in strata_of(plan):
            for unit, arm in zip(members, permuted([names[labels[u]] for u in members], stream)):
                scheme[unit] = arm
        if tuple(scheme) not in seen:
            seen.add(tuple(scheme))
            yield tuple(scheme)


def every(plan):
    """All schemes in the order of a dictionary: units one by one, keeping to numbers that an order of arms allows."""
    arms, strata, labels = range(len(plan["arms"])), plan["stratum_of_unit"], labels_of(plan)
    tables = {
        tuple(sorted(Counter((strata[u], n[labels[u]]) for u in labels).items())) for n in itertools.permutations(arms)
    }
    tables = [dict(table) for table in tables]

    def grow(start, used, left):
        if len(start) == len(strata):
            yield tuple(start)
            return
        for arm in arms:
            cell = (strata[len(start)], arm)
            fits = [table for table in left if used[cell] < table.get(cell, 0)]
            if fits:
                yield from grow([*start, arm], used + Counter([cell]), fits)

    return grow([], Counter(), tables)


def score(plan, scheme):
    units, total = len(scheme), 0
    for values in plan["balance"]:
        sums, sizes = Counter(), Counter(scheme)
        for arm, value in zip(scheme, values):
            sums[arm] += value
        everyone = sum(values)
        total += sum((abs(units * sums[a] - k * everyone) // (units * k)) ** 2 for a, k in sizes.items())
    return total


def accepted(plan):
    made = list(every(plan) if plan["acceptance"]["enumerated"] else itertools.islice(sampled(plan), plan["schemes"]))
    scores = [score(plan, scheme) for scheme in made]
    cutoff = sorted(scores)[max(1, math.ceil(Fraction(plan["accepted_share"]) * len(made))) - 1]
    return [scheme for scheme, height in zip(made, scores) if height <= cutoff]


def blocks(plan, key):
    stream, arms, scheme = words(key), len(plan["arms"]), [0] * len(plan["units"])
    for members in strata_of(plan):
        while members:
            size = plan["block_sizes"][below(len(plan["block_sizes"]), stream)]
            for unit, arm in zip(members, permuted([i % arms for i in range(size)], stream)):
                scheme[unit] = arm
            members = members[size:]
    return scheme


def audit(plan, seeds, allocation):
    """Every way in which the allocation is not what the plan and the two seeds give."""
    seed = hashlib.sha256("".join(f"{each}\n" for each in seeds).encode("ascii")).hexdigest()
    identity = hashlib.sha256(json.dumps(plan, sort_keys=True, separators=(",", ":")).encode("ascii")).hexdigest()
    key, wrong = f"{seed}/{identity}", []
    if plan["method"] == "covariate-constrained":
        schemes = accepted(plan)
        lines = "".join("".join("0123456789abcdefghijklmnopqrstuvwxyz"[a] for a in s) + "\n" for s in schemes)
        if hashlib.sha256(lines.encode()).hexdigest() != plan["acceptance"]["set_hash"]:
            wrong.append("the accepted schemes are not those whose hash the plan keeps")
        scheme = schemes[below(len(schemes), words(key))]
    else:
        scheme = blocks(plan, key)
    if allocation["plan"] != identity:
        wrong.append("the allocation names another plan")
    if allocation["seed"] != seed:
        wrong.append("the allocation was drawn with another seed than these two make")
    if allocation["sites"] != plan["sites"] or allocation["arms"] != plan["arms"]:
        wrong.append("sites or arms are not those of the plan")
    given = dict(zip(allocation["sites"], allocation["arm_of_site"]))
    changed = [s for s, u in zip(plan["sites"], plan["unit_of_site"]) if given.get(s) != scheme[u]]
    if changed or len(allocation["sites"]) != len(allocation["arm_of_site"]):
        wrong.append(f"{len(changed)} site(s) are in another arm than was drawn: {', '.join(changed[:5])}")
    return wrong


def main(paths):
    texts = []
    for path in paths:
        with open(path, encoding="utf-8") as file:
            texts.append(file.read())
    plan, seeds, allocation = json.loads(texts[0]), texts[1].splitlines(), json.loads(texts[2])
    if len(seeds) != 2:
        sys.exit(f"{paths[1]} holds {len(seeds)} lines: the first person's seed and the second's are one line each")
    wrong = audit(plan, seeds, allocation)
    commitment = hashlib.sha256(seeds[0].encode()).hexdigest()
    print(f"SHA-256 of the first person's seed, to be compared with the record: {commitment}")
    for problem in wrong:
        print(f"- {problem}")
    print("NOT the allocation that plan and seeds give." if wrong else "OK: plan and seeds give this allocation.")
    return 1 if wrong else 0


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit("usage: python3 audit_allocation.py plan.json seeds.txt allocation.json")
    sys.exit(main(sys.argv[1:]))

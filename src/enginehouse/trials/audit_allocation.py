"""Makes an allocation again from its plan and two seeds, with Python's standard library alone, and says OK or NOT.

    python3 audit_allocation.py plan.json seeds.txt allocation.json

It is given to auditors with the record of a trial and uses nothing of the software that made the allocation. The rules
it follows: the seed of the draw is the SHA-256 of the two people's seeds, a line feed after each (so, of seeds.txt);
the key is that seed, a stroke and the SHA-256 of the plan; words are SHA-256 of "key/block", eight of four bytes each;
an integer below n is the first word below 2^32 - 2^32 mod n, modulo n; permutations are Fisher and Yates'.
"""

# mypy: ignore-errors
# ruff: noqa: B905, RUF017

import hashlib
import itertools
import json
import math
import sys
from collections import Counter
from fractions import Fraction


def words(key, long=False):
    """Words of a key; those of a long stream are the bytes of SHAKE-128 instead."""
    for block in itertools.count():
        if long:
            digest = hashlib.shake_128(key.encode("ascii")).digest(168 * (block + 1))[168 * block :]
        else:
            digest = hashlib.sha256(f"{key}/{block}".encode("ascii")).digest()
        yield from (int.from_bytes(digest[i : i + 4], "big") for i in range(0, len(digest), 4))


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


def parts_of(plan):
    """Strata that follow one another with the same choice of arms: that choice, and the units of each stratum."""
    strata = strata_of(plan)
    choices = plan.get("choices") or [list(range(len(plan["arms"])))] * len(strata)
    runs = itertools.groupby(zip(choices, strata), key=lambda pair: pair[0])
    return [(arms, [members for _, members in run]) for arms, run in runs]


def sampled(plan):
    """The scheme of each number in turn, each only once."""
    seen = set()
    for number in itertools.count():
        stream, scheme = words(f"{plan['public_seed']}/{number}", plan["schemes"] > 20_000), [0] * len(plan["units"])
        for arms, strata in parts_of(plan):
            names, start = permuted(arms, stream), 0
            for members in strata:
                labels = [names[(start + i) % len(names)] for i in range(len(members))]
                for unit, arm in zip(members, permuted(labels, stream)):
                    scheme[unit] = arm
                start += len(members)
        if tuple(scheme) not in seen:
            seen.add(tuple(scheme))
            yield tuple(scheme)


def every(plan):
    """All schemes in the order of a dictionary: units one by one, keeping to numbers that an order of arms allows."""
    strata, tables = plan["stratum_of_unit"], [{}]
    for arms, members in parts_of(plan):
        labels = {unit: i % len(arms) for i, unit in enumerate(u for stratum in members for u in stratum)}
        own = {
            tuple(sorted(Counter((strata[u], names[labels[u]]) for u in labels).items()))
            for names in itertools.permutations(arms)
        }
        tables = [{**table, **dict(more)} for table in tables for more in own]

    def grow(start, used, left):
        if len(start) == len(strata):
            yield tuple(start)
            return
        for arm in range(len(plan["arms"])):
            cell = (strata[len(start)], arm)
            fits = [table for table in left if used[cell] < table.get(cell, 0)]
            if fits:
                yield from grow([*start, arm], used + Counter([cell]), fits)

    return grow([], Counter(), tables)


def groups(plan, scheme, covariate):
    """Number and sum of the units in each arm, or (in a second draw) of those who follow each regime."""
    values, carried = plan["balance"][covariate], (plan.get("scoring") or {}).get("carried")
    if not carried:
        inside = [[v for v, a in zip(values, scheme) if a == arm] for arm in range(len(plan["arms"]))]
        return [(len(each), sum(each)) for each in inside]
    found = []
    for first, again in enumerate(carried["again"]):
        for arm in again:
            each = [v for v, a, before in zip(values, scheme, carried["before"]) if (a, before) == (arm, first)]
            found.append((carried["stay"][first] + len(each), carried["sums"][covariate][first] + sum(each)))
    return found


def rise(places, scheme, values):
    x, units = [places[arm] for arm in scheme], len(scheme)
    spread = units * sum(v * v for v in x) - sum(x) ** 2
    slope = abs(units * sum(v * z for v, z in zip(x, values)) - sum(x) * sum(values))
    return slope * (max(places) - min(places)) // spread if spread else 0


def score(plan, scheme):
    rules, total = plan.get("scoring") or {}, 0
    power = 1 if rules.get("score") == "l1" else 2
    for covariate, values in enumerate(plan["balance"]):
        units, everyone, found = len(scheme), sum(values), groups(plan, scheme, covariate)
        if rules.get("carried"):
            units, everyone = rules["carried"]["units"], rules["carried"]["totals"][covariate]
        for together in plan.get("pooled", []):
            found.append((sum(found[arm][0] for arm in together), sum(found[arm][1] for arm in together)))
        total += sum((abs(units * held - k * everyone) // (units * k)) ** power for k, held in found if k)
        if rules.get("places"):
            total += rise(rules["places"], scheme, values) ** power
    return total


def keeps(plan, scheme):
    """Whether no two arms (or regimes) differ by more than a bound."""
    for covariate, bound in enumerate((plan.get("scoring") or {}).get("bounds", [])):
        pairs = itertools.combinations(groups(plan, scheme, covariate), 2) if bound is not None else ()
        if any(abs(s * m - t * k) > bound * k * m for (k, s), (m, t) in pairs):
            return False
    return True


def accepted(plan):
    made = list(every(plan) if plan["acceptance"]["enumerated"] else itertools.islice(sampled(plan), plan["schemes"]))
    made = [scheme for scheme in made if keeps(plan, scheme)]
    scores = [score(plan, scheme) for scheme in made]
    least = max(1, math.ceil(Fraction(plan["accepted_share"]) * len(made)), plan.get("accepted_at_least", 1))
    cutoff = sorted(scores)[min(least, len(made)) - 1]
    return [scheme for scheme, height in zip(made, scores) if height <= cutoff]


def blocks(plan, key):
    stream, scheme = words(key), [0] * len(plan["units"])
    for arms, strata in parts_of(plan):
        for members in strata:
            while members:
                times = plan["block_sizes"][below(len(plan["block_sizes"]), stream)] // len(plan["arms"])
                for unit, arm in zip(members, permuted(arms * times, stream)):
                    scheme[unit] = arm
                members = members[times * len(arms) :]
    return scheme


def distance(counts, kind):
    spread = len(counts) * sum(c * c for c in counts) - sum(counts) ** 2
    return {"range": max(counts) - min(counts), "variance": spread, "sd": math.isqrt(10**18 * spread)}[kind]


def minimised(plan, key):
    """Each unit in turn, in the plan's order, which must be the permutation that its public seed gives."""
    rules, stream, scheme = plan["minimisation"], words(key), [None] * len(plan["units"])
    if rules["order"] != permuted(range(len(scheme)), words(f"{plan['public_seed']}/order")):
        return scheme
    share, before = Fraction(rules["probability"]), []
    for unit in rules["order"]:
        arms, inside = next((a, set(sum(m, []))) for a, m in parts_of(plan) if any(unit in each for each in m))
        heights = []
        for arm in arms:
            height = 0
            for levels, weight in zip(rules["level_of_unit"], rules["weights"]):
                alike = Counter(scheme[u] for u in before if u in inside and levels[u] == levels[unit]) + Counter([arm])
                height += weight * distance([alike[a] for a in arms], rules["distance"])
            heights.append(height)
        best = [a for a, height in zip(arms, heights) if height == min(heights)]
        others = [a for a in arms if a not in best]
        group = best if below(share.denominator, stream) < share.numerator else others or best
        scheme[unit] = group[below(len(group), stream)]
        before.append(unit)
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
        scheme = (minimised if plan["method"] == "minimisation" else blocks)(plan, key)
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

"""Far walks: many by seeds, and those that fail made as short as they can be and kept as files.

python tests/support/chaos_far.py --seeds 0:500 --steps 30
"""

from __future__ import annotations

import re
from collections import Counter

from chaos import Walk
from chaos_end import WAYS
from chaos_steps import CONFIG, chosen


def tried(config, steps):
    """How a walk ends: all that was wrong."""
    walk = Walk(**config)
    try:
        walk.play(steps)
    except Exception as error:
        return [*walk.told, type(error).__name__ + ": " + str(error)]
    finally:
        walk.close()
    return walk.told


def shortest(config, steps, same):
    """The same failure with fewer steps: those that can be left out are."""
    size = max(1, len(steps) // 2)
    while True:
        start = 0
        while start < len(steps):
            fewer = steps[:start] + steps[start + size :]
            if any(same(found) for found in tried(config, fewer)):
                steps = fewer
            else:
                start += size
        if size == 1:
            return steps
        size = max(1, size // 2)


def main():
    """Walks by seeds; those that fail are made short and kept as files."""
    import argparse
    import hashlib
    import json
    import random
    from pathlib import Path

    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--seeds", default="0:100")
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--into", type=Path, default=Path(".chaos"))
    parser.add_argument("--long", action="store_true", help="do not make them short")
    options = parser.parse_args()
    options.into.mkdir(exist_ok=True)
    stats = Counter()
    first, _, last = options.seeds.partition(":")

    def sort_of(text):
        return re.sub(r"[0-9a-f]{8}-[0-9a-f-]+|\d+", "#", text)[:200]

    for seed in range(int(first), int(last)):
        rng = random.Random(seed)
        config = {name: rng.choice(among) for name, among in CONFIG.items()}
        steps = [chosen(rng) for _ in range(options.steps)]
        for error in tried(config, steps):
            sort = sort_of(error)
            stats[sort] += 1
            if stats[sort] > 1:
                continue
            print(f"{seed}: {error[:900]}", flush=True)
            if options.long:
                continue
            short = shortest(config, steps, lambda text, sort=sort: sort_of(text) == sort)
            kept = {"config": config, "error": error, "steps": short}
            name = hashlib.sha1(sort.encode()).hexdigest()[:6]
            (options.into / f"{name}.json").write_text(json.dumps(kept, indent=1))
            print(f"   {name} {len(short)} steps: {config} {json.dumps(short)}\n", flush=True)
    print(dict(WAYS))
    for text, n in stats.most_common():
        print(n, text)


if __name__ == "__main__":
    main()

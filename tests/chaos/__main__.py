"""`python -m tests.chaos`: a story of CHAOS_MINUTES from CHAOS_SEED, or from a seed that is drawn and printed."""

import asyncio
import os
import random
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.engine import play
from tests.chaos.machine import HAS_FAKETIME
from tests.chaos.moves import Scene, name_of
from tests.chaos.story import Pace, tell

_RECOVERY_S = 150.0


@dataclass(frozen=True)
class Wish:
    """What the environment asks for; `without` names moves that are left out, to find out what a fault needs."""

    seed: int
    minutes: float
    without: tuple[str, ...]
    log: Path | None

    @classmethod
    def read(cls) -> "Wish":
        seed = os.environ.get("CHAOS_SEED") or random.SystemRandom().randrange(10**6)
        without = os.environ.get("CHAOS_WITHOUT", "").split(",")
        return cls(
            seed=int(seed),
            minutes=float(os.environ.get("CHAOS_MINUTES") or 5),
            without=tuple(filter(None, without)),
            log=Path(log) if (log := os.environ.get("CHAOS_LOG")) else None,
        )

    def story(self) -> list[Scene]:
        told = tell(self.seed, seconds=60 * self.minutes, pace=Pace())
        return [scene for scene in told if name_of(scene.move) not in self.without]


def main() -> int:
    wish = Wish.read()
    print(f"CHAOS_SEED={wish.seed} CHAOS_MINUTES={wish.minutes:g}", flush=True)  # noqa: T201
    report = asyncio.run(play(wish.story(), seed=wish.seed, recovery_s=_RECOVERY_S, log=wish.log))
    if not HAS_FAKETIME:
        print("libfaketime is missing: no clock was wrong")  # noqa: T201
    print(report.text())  # noqa: T201
    return 0 if report.is_good else 1


if __name__ == "__main__":
    sys.exit(main())

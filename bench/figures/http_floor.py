"""http-floor: the hub's PUT beside a bare application under the same server, with the same client and bytes, alternating."""

from bench.figure import Figure, Result, middle, spread
from bench.figures.item_put import CONNECTIONS, SECONDS, put_items
from bench.seller import open_account
from bench.stage import Stage, free_port, until_ready

ROUNDS = 5


async def measure(stage: Stage) -> list[Result]:
    """Return which part of the requests that HTTP alone allows the hub answers; there is no target to reach."""
    url = await stage.database()
    seller = await open_account(stage, SALUHALL_DATABASE_URL=url)
    bare_port = free_port()
    ours, floors = list[float](), list[float]()
    async with (
        stage.server(stage.settings(SALUHALL_DATABASE_URL=url)) as (_, port),
        stage.process(["bench.bare_app", str(bare_port)]) as bare,
    ):
        await until_ready(bare, bare_port)
        for number in range(-1, ROUNDS):
            mine = await put_items(port, seller, prefix=f"floor-{number}", seconds=SECONDS)
            floor = await put_items(bare_port, seller, prefix=f"floor-{number}", seconds=SECONDS)
            if number < 0:
                continue
            ours.append(len(mine.answered) / mine.elapsed_s)
            floors.append(len(floor.answered) / floor.elapsed_s)
            print(f"  {ours[-1]:.0f} PUT/s, bare {floors[-1]:.0f}", flush=True)
    ratios = [mine / floor for mine, floor in zip(ours, floors, strict=True)]
    return [
        Result(
            figure="http-floor",
            ours=middle(ours),
            reference=middle(floors),
            ratio=middle(ratios),
            unit="ratio",
            target=0.0,
            note=f"requests/s over {CONNECTIONS} connections, no target; ratio {spread(ratios)}",
        )
    ]


FIGURE = Figure(name="http-floor", measure=measure)

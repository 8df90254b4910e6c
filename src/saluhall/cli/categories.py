"""saluhall channel categories, channel new."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from saluhall.bootstrap import now
from saluhall.capabilities import Category
from saluhall.channel import ChannelCard, Disconnected, Rejected, Toolbox, Unavailable
from saluhall.cli.failures import Refused
from saluhall.cli.session import AsJson, DataDir, prepared, read_settings, show
from saluhall.cli.tables import show_table
from saluhall.plugins import load_channels
from saluhall.settings import Settings

channel = App(name="channel", help="Look up what the channels offer; begin a new one.")


@channel.command(name="categories")
def categories(
    name: Annotated[str, Parameter(help="The channel, such as tradera.")],
    *,
    search: Annotated[str, Parameter(help="Words of the category's path, or its id.")] = "",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List the categories of a channel in which items can be listed, with their paths."""
    settings = read_settings(data_dir)
    card = load_channels().get(name)
    if card is None:
        raise Refused(f"the channel {name!r} is not installed")
    if card.categories is None:
        raise Refused(f"{card.label} has no categories")
    found = found_by(search, paths_of(asyncio.run(_read(settings, card))))
    if as_json:
        rows = [{"id": key, "path": path} for key, path in found.items()]
        show({"categories": rows}, as_json=True)
    else:
        show_table(("id", "category"), list(found.items()))


@channel.command(name="new")
def new(
    name: Annotated[str, Parameter(help="The name of the channel: small letters and digits.")],
    *,
    root: Annotated[Path, Parameter(name="--in", help="A checkout of Saluhall.")] = Path(),
    data_dir: DataDir = None,  # noqa: ARG001 - every command takes it
    as_json: AsJson = False,
) -> None:
    """Write the folder of a new channel into a checkout: it passes the contract suite with a practice server of its own."""
    from saluhall.cli.new_channel import write_channel  # noqa: PLC0415 - other commands do not wait for it

    files = [str(file) for file in write_channel(name, root)]
    if as_json:
        show({"files": files}, as_json=True)
    else:
        show_table(("file",), [(file,) for file in files])


async def _read(settings: Settings, card: ChannelCard) -> Sequence[Category]:
    from saluhall.jobs.budget import DatabaseBudget  # noqa: PLC0415 - other commands do not wait for it
    from saluhall.kit.http import Outbound  # noqa: PLC0415 - as above

    http = Outbound(allow=settings.outbound_allow, ca_file=settings.outbound_ca_file)
    try:
        async with prepared(settings) as db:
            limit = card.calls_per_day(settings.env)
            budget = DatabaseBudget(db, channel=card.name, limit=limit, clock=now)
            toolbox = Toolbox(
                env=settings.env, http=http, budget=budget, report=_no_report, clock=now
            )
            if card.categories is None:
                return ()
            return await card.categories(toolbox)
    except (Unavailable, Disconnected, Rejected) as error:
        raise Refused(str(error)) from error
    finally:
        await http.close()


async def _no_report(entries: object) -> None:
    """Keep nothing: what cannot be read of categories is an error of the whole."""


def paths_of(categories: Sequence[Category]) -> Mapping[str, str]:
    """Return the path of each category that items can be listed in, by its id."""
    by_id = {category.id: category for category in categories}

    def path(category: Category) -> str:
        parent = by_id.get(category.parent_id or "")
        return f"{path(parent)} > {category.name}" if parent else category.name

    return {category.id: path(category) for category in categories if category.is_leaf}


def found_by(text: str, paths: Mapping[str, str]) -> dict[str, str]:
    """Return those that have all the words in their path, upper and lower case alike, or the text as id."""
    words = text.casefold().split()
    return {
        key: path
        for key, path in paths.items()
        if key == text.strip() or all(word in path.casefold() for word in words)
    }

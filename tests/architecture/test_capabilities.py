"""What a channel declares is used by the domain or by jobs, or has a reason why it is only shown."""

import ast

from saluhall.capabilities import Capabilities, FormatRules
from tests.architecture.source import python_files, tree_of

# Capabilities that are only shown (docs/channels.md), and the reason.
ONLY_SHOWN = {
    "quantity_meaning": "for integrators: the channel's own translation converts",
    "write_style": "for integrators: the channel itself builds its writes",
    "creates_once": "for integrators: the channel itself keeps a repeated create from making a second listing",
    "max_images": "the channel itself refuses more; the contract suite proves it",
    "max_image_bytes": "the same",
    "image_types": "the same",
    "image_transfer": "for integrators: the channel itself transfers",
    "max_title": "the channel itself cuts a title; the contract suite proves it",
    "max_description": "the channel itself cuts a description",
    "repeats_notices": "for integrators; the contract suite notifies twice where it is declared",
    "reads_inventory": "no channel reads what was made elsewhere yet",
    "logins": "for sellers: no job and no operation of the domain logs in by itself",
    "limits": "for operators: the domain keeps a budget of calls of its own",
    "endings": "only `stays_at_zero`, which is computed from it, is read",
}


def names_read() -> set[str]:
    folders = ("src/saluhall/domain", "src/saluhall/jobs")
    return {
        node.attr
        for file in python_files(*folders)
        for node in ast.walk(tree_of(file))
        if isinstance(node, ast.Attribute)
    }


def test_each_capability_is_used_or_has_a_reason() -> None:
    fields = {*Capabilities.__struct_fields__, *FormatRules.__struct_fields__}

    assert fields - names_read() == ONLY_SHOWN.keys()

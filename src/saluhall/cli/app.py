"""Put the subcommands together; each is imported only when it is called, so what they are for is said here."""

from collections.abc import Sequence

from cyclopts import App, Group

from saluhall import VERSION

RUN, ACCOUNTS, SELLING, WATCHING, TRYING, HELP = (
    Group(name, sort_key=n)
    for n, name in enumerate(["Run", "Accounts", "Selling", "Watching", "Trying out", "Help"])
)
# The command, where it is, its group on the help page, and its description: the first paragraph of its own.
COMMANDS = (
    ("serve", "serve:serve", RUN, "Serve the APIs and run background jobs, in one command."),
    ("worker", "worker:worker", RUN, "Run background jobs only; any number of workers on any number of machines share them."),
    ("migrate", "migrate:migrate", RUN, "Bring the database to the newest schema."),
    ("backup", "backup:backup", RUN, "Back up the database, the images and the secret key into one folder, while the hub runs."),
    ("restore", "backup:restore", RUN, "Restore a backup into an empty data dir, or into the empty database of SALUHALL_DATABASE_URL."),
    ("config", "config:config", RUN, "Check the settings of this hub."),
    ("doctor", "doctor:doctor", RUN,
     "Check settings, data dir, database, image store, certificates, other servers and background work."),
    ("account", "accounts:account", ACCOUNTS, "Create, list, suspend and remove accounts."),
    ("user", "users:user", ACCOUNTS, "Add, list and remove users; set passwords, list and end sessions."),
    ("key", "keys:key", ACCOUNTS, "Create, list and revoke API keys."),
    ("legacy-key", "legacy_keys:legacy_key", ACCOUNTS, "Create, list and revoke keys of the older API generation."),
    ("deal", "deals:deal", ACCOUNTS, "Grant deals to accounts, and list those they ask for."),
    ("catalog", "catalogs:catalog", SELLING, "Create, list and remove catalogs."),
    ("connection", "connections:connection", SELLING, "Connect accounts to marketplaces."),
    ("offer", "offers:offer", SELLING, "Offer products at connections, one by one."),
    ("order", "orders:order", SELLING, "List, ship, cancel, refund, tag and match orders."),
    ("policy", "policies:policy", SELLING, "Set which products a connection offers, and at which prices and quantities."),
    ("channel", "categories:channel", SELLING, "Look up what the channels offer; begin a new one."),
    ("webhook", "webhooks:webhook", SELLING, "Set, list, switch and remove webhook endpoints."),
    ("status", "status:status", WATCHING, "Show how the hub is: database, workers, due work, connections, endpoints that are off, clock."),
    ("listen", "listen:listen", WATCHING,
     "Receive an account's events on this machine, verify both signatures, and print a line for each, until Ctrl-C."),
    ("trigger", "trigger:trigger", WATCHING, "Send a signed event of an account's own data to its endpoints."),
    ("history", "history:history", WATCHING, "Show who changed what and when, of a product or an account."),
    ("attention", "attention:attention", WATCHING, "List what needs a person; dismiss what cannot be read."),
    ("demo", "demo:demo", TRYING, "Play the main job from PUT to sold, against a practice marketplace, and check every step."),
    ("sandbox", "sandbox:sandbox", TRYING, "Run a marketplace to practise on: Tradera's protocol, with clock, bids and faults to control."),
    ("completion", "completion:completion", HELP, "Print the script that completes commands and options in a shell."),
)  # fmt: skip


def make_app(words: Sequence[str] = ()) -> App:
    """Make the app for a command line of these words: the command that they name keeps its own, longer description."""
    app = App(
        name="saluhall",
        version=VERSION,
        group_commands=HELP,
        help="A self-hosted multichannel selling hub. `saluhall COMMAND --help` describes a command.",
    )
    for name, target, group, summary in COMMANDS:
        shown = None if name in words[:1] else summary
        app.command(f"saluhall.cli.{target}", name=name, group=group, help=shown)
    return app

"""Put the subcommands together; each is imported only when it is called."""

from cyclopts import App

from saluhall import VERSION

app = App(
    name="saluhall",
    version=VERSION,
    help="A self-hosted multichannel selling hub.",
)
for name, target in {
    "serve": "saluhall.cli.serve:serve",
    "worker": "saluhall.cli.worker:worker",
    "migrate": "saluhall.cli.migrate:migrate",
    "backup": "saluhall.cli.backup:backup",
    "restore": "saluhall.cli.backup:restore",
    "sandbox": "saluhall.cli.sandbox:sandbox",
    "demo": "saluhall.cli.demo:demo",
    "account": "saluhall.cli.accounts:account",
    "user": "saluhall.cli.users:user",
    "deal": "saluhall.cli.deals:deal",
    "key": "saluhall.cli.accounts:key",
    "legacy-key": "saluhall.cli.legacy_keys:legacy_key",
    "catalog": "saluhall.cli.accounts:catalog",
    "connection": "saluhall.cli.connections:connection",
    "attention": "saluhall.cli.attention:attention",
    "webhook": "saluhall.cli.webhooks:webhook",
    "config": "saluhall.cli.config:config",
    "doctor": "saluhall.cli.doctor:doctor",
    "trigger": "saluhall.cli.trigger:trigger",
    "listen": "saluhall.cli.listen:listen",
}.items():
    app.command(target, name=name)

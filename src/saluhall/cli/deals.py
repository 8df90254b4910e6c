"""saluhall deal grant, deal requests."""

from typing import Annotated

from cyclopts import App, Parameter
from msgspec.structs import asdict

from saluhall.bootstrap import now
from saluhall.cli.session import Account, AsJson, DataDir, in_transaction, read_settings, show
from saluhall.cli.tables import show_table
from saluhall.domain.accounts.queries import principal_of_account
from saluhall.domain.partner_business import operations, queries
from saluhall.domain.partner_business.model import Amounts, DealKind, DealRequest
from saluhall.storage import Transaction

deal = App(name="deal", help="Grant deals to accounts, and list those they ask for.")


@deal.command(name="grant")
def grant_deal(
    *,
    account: Account,
    kind: Annotated[DealKind, Parameter(name="--type", help="What kind of deal it is.")],
    commission_bps: Annotated[
        int | None, Parameter(help="The operator's part of each sale, in hundredths of a percent.")
    ] = None,
    flat_monthly_ore: Annotated[
        int | None, Parameter(help="The fee for each month, in öre.")
    ] = None,
    per_listing_ore: Annotated[
        int | None, Parameter(help="The fee for each listing, in öre.")
    ] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Give an account a deal in place of its present one."""
    amounts = Amounts(
        commission_bps=commission_bps,
        flat_monthly_ore=flat_monthly_ore,
        per_listing_ore=per_listing_ore,
    )

    async def do(tx: Transaction) -> dict[str, object]:
        principal = await principal_of_account(tx, account)
        granted = await operations.grant(
            tx, principal=principal, kind=kind, amounts=amounts, now=now()
        )
        return {"account": account, "deal": granted.kind.value, **asdict(granted.amounts)}

    show(in_transaction(read_settings(data_dir), do), as_json=as_json)


@deal.command(name="requests")
def list_requests(*, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List the deals that accounts ask for, the oldest first."""

    async def do(tx: Transaction) -> list[DealRequest]:
        return await queries.list_requests(tx)

    asked = in_transaction(read_settings(data_dir), do)
    if as_json:
        show({"requests": [_row(request) for request in asked]}, as_json=True)
    else:
        show_table(
            ("account", "deal", "message", "requested at"),
            [tuple(_row(request).values()) for request in asked],
        )


def _row(request: DealRequest) -> dict[str, object]:
    return {
        "account": request.account_name,
        "deal": request.kind.value,
        "message": request.message,
        "requested_at": request.requested_at,
    }

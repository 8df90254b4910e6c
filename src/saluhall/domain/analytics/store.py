"""The SQL of analytics: it adds up counts and sums that are kept while things happen, a few rows whatever there is."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from saluhall.storage import Transaction
from saluhall.storage.database import Row

# A month is one of the account's own clock.
ANALYTICS = """
  with months as (
    select to_char(date_trunc('month', %(now)s at time zone a.time_zone) - make_interval(months => ago), 'YYYY-MM') as month
      from accounts a, generate_series(0, %(months)s - 1) as ago
     where a.account_id = %(account_id)s
  ), sums as (
    select month, category, sum(orders) as orders, sum(pieces) as pieces, sum(gross) as gross,
           sum(fee) as fee, sum(pending) as pending
      from sale_sums where account_id = %(account_id)s group by month, category
  ), parts as (
    select 'month' as part, m.month as name, s.* from months m left join sums s using (month)
    union all select 'category', category, s.* from sums s where pieces > 0
    union all select 'total', '', s.* from (select) t left join sums s on true
  ), figures as (
    select part, name, coalesce(sum(orders), 0)::bigint as orders, coalesce(sum(pieces), 0)::bigint as pieces,
           round(coalesce(sum(gross), 0), 2) as gross, round(coalesce(sum(fee), 0), 2) as fee,
           round(coalesce(sum(pending), 0), 2) as pending
      from parts group by part, name
  ), best as (
    select name from figures where part = 'category' order by gross desc, name limit %(categories)s
  ), inventory as (
    select coalesce(sum(draft), 0)::bigint as draft, coalesce(sum(active), 0)::bigint as active,
           coalesce(sum(sold), 0)::bigint as sold, coalesce(sum(not_listed), 0)::bigint as not_listed,
           coalesce(sum(archived), 0)::bigint as archived
      from product_counts where account_id = %(account_id)s and kind = 'item'
  )
  select f.*, i.* from figures f, inventory i
   where f.part <> 'category' or f.name in (select name from best)
   order by f.part, case f.part when 'category' then -f.gross end, f.name
"""
GROSS_SINCE = """
  select coalesce(sum(gross), 0) as gross from sale_sums
   where account_id = %(account_id)s and month >= %(month)s
"""


async def analytics(
    tx: Transaction, account_id: UUID, *, months: int, categories: int, now: datetime
) -> list[Row]:
    """Read the figures: each row is a month, a category or the total, and carries the inventory beside it."""
    params = {"account_id": account_id, "months": months, "categories": categories, "now": now}
    return await tx.all(dict, ANALYTICS, params)


async def gross_since(tx: Transaction, account_id: UUID, *, month: str) -> Decimal:
    """Add up the gross of a month and of those after it."""
    params = {"account_id": account_id, "month": month}
    return await tx.one(lambda row: Decimal(row["gross"]), GROSS_SINCE, params) or Decimal(0)

"""The SQL of analytics: it adds up counts and sums that are kept, a few rows whatever there is."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from saluhall.domain.analytics.model import Unconverted
from saluhall.storage import Transaction
from saluhall.storage.database import Row

# Sums with what one of their currency is worth in the account's; null: the account has set no rate.
_SUMS = """
  account as (
    select time_zone, coalesce(currency, %(default_currency)s) as currency from accounts where account_id = %(account_id)s
  ), sums as (
    select s.month, s.category, s.currency, sum(s.orders) as orders, sum(s.units) as units, sum(s.gross) as gross,
           sum(s.refunded) as refunded, sum(s.fee) as fee, sum(s.pending) as pending,
           case when s.currency in ('', a.currency) then 1
                else (select r.rate from exchange_rates r where r.account_id = %(account_id)s and r.currency = s.currency)
           end as rate
      from sale_sums s cross join account a
     where s.account_id = %(account_id)s
     group by s.month, s.category, s.currency, a.currency
  )
"""
# A month is one of the account's own clock.
ANALYTICS = f"""
  with {_SUMS}, months as (
    select to_char(date_trunc('month', %(now)s at time zone a.time_zone) - make_interval(months => ago), 'YYYY-MM') as month
      from account a, generate_series(0, %(months)s - 1) as ago
  ), converted as (
    select month, category, orders, units, gross * rate as gross, refunded * rate as refunded, fee * rate as fee,
           pending * rate as pending
      from sums where rate is not null
  ), parts as (
    select 'month' as part, m.month as name, c.* from months m left join converted c using (month)
    union all select 'category', category, c.* from converted c where units > 0
    union all select 'total', '', c.* from (select) t left join converted c on true
  ), figures as (
    select part, name, coalesce(sum(orders), 0)::bigint as orders, coalesce(sum(units), 0)::bigint as units,
           round(coalesce(sum(gross), 0), 2) as gross, round(coalesce(sum(refunded), 0), 2) as refunded,
           round(coalesce(sum(fee), 0), 2) as fee, round(coalesce(sum(pending), 0), 2) as pending
      from parts group by part, name
  ), best as (
    select name from figures where part = 'category' order by gross desc, name limit %(categories)s
  ), inventory as (
    select coalesce(sum(draft), 0)::bigint as draft, coalesce(sum(active), 0)::bigint as active,
           coalesce(sum(sold), 0)::bigint as sold, coalesce(sum(not_listed), 0)::bigint as not_listed,
           coalesce(sum(archived), 0)::bigint as archived
      from product_counts where account_id = %(account_id)s and kind = 'item'
  )
  select f.*, a.currency, i.* from figures f, account a, inventory i
   where f.part <> 'category' or f.name in (select name from best)
   order by f.part, case f.part when 'category' then -f.gross end, f.name
"""
UNCONVERTED = f"""
  with {_SUMS}
  select currency, sum(orders)::bigint as orders, sum(gross) as gross, sum(pending) as pending
    from sums where rate is null
   group by currency having (sum(orders), sum(gross), sum(pending)) <> (0, 0, 0)
   order by currency
"""
GROSS_SINCE = f"""
  with {_SUMS}
  select round(coalesce(sum(gross * rate), 0), 2) as gross from sums where month >= %(month)s
"""


async def analytics(
    tx: Transaction,
    account_id: UUID,
    *,
    months: int,
    categories: int,
    default_currency: str,
    now: datetime,
) -> list[Row]:
    """Read the figures: each row is a month, a category or the total, and carries currency and inventory beside it."""
    params = {
        "account_id": account_id,
        "months": months,
        "categories": categories,
        "default_currency": default_currency,
        "now": now,
    }
    return await tx.all(dict, ANALYTICS, params)


async def gross_since(
    tx: Transaction, account_id: UUID, *, month: str, default_currency: str
) -> Decimal:
    """Add up the gross of a month and of those after it, where it can be converted."""
    params = {"account_id": account_id, "month": month, "default_currency": default_currency}
    return await tx.one(lambda row: Decimal(row["gross"]), GROSS_SINCE, params) or Decimal(0)


async def unconverted(
    tx: Transaction, account_id: UUID, *, default_currency: str
) -> list[Unconverted]:
    """Add up what was sold in currencies without a rate."""
    params = {"account_id": account_id, "default_currency": default_currency}
    return await tx.all(lambda row: Unconverted(**row), UNCONVERTED, params)

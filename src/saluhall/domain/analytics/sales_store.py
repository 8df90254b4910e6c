"""The SQL of sales: each is a row, and each change of one changes the sums of its currency, month and category.

Sums are kept in a few rows each, to be added up: a writer takes one that nobody has locked, or adds one. So no writer waits for another.
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from saluhall.domain.analytics.model import DirectSale
from saluhall.storage import Transaction

# `moved` are the sales as they are (sign 1) and as they were (sign -1).
_ADD_UP = """
  changed as (
    select m.currency, to_char(m.sold_at at time zone a.time_zone, 'YYYY-MM') as month, m.category,
           sum(case when m.state = 'paid' then m.sign * m.orders else 0 end) as orders,
           sum(case when m.state = 'paid' then m.sign * m.units else 0 end) as units,
           sum(case when m.state = 'paid' then m.sign * m.gross else 0 end) as gross,
           sum(case when m.state = 'paid' then m.sign * m.refunded else 0 end) as refunded,
           sum(case when m.state = 'paid' then m.sign * m.fee else 0 end) as fee,
           sum(case when m.state = 'pending' then m.sign * m.gross else 0 end) as pending
      from moved m cross join (select time_zone from accounts where account_id = %(account_id)s) a
     group by 1, 2, 3
  ), slots as materialized (
    select c.*, (select s.slot from sale_sums s
                  where s.account_id = %(account_id)s and s.currency = c.currency and s.month = c.month
                    and s.category = c.category
                  limit 1 for update skip locked) as slot
      from changed c
     where (c.orders, c.units, c.gross, c.refunded, c.fee, c.pending) <> (0, 0, 0, 0, 0, 0)
  ), added as (
    update sale_sums s
       set orders = s.orders + c.orders, units = s.units + c.units, gross = s.gross + c.gross,
           refunded = s.refunded + c.refunded, fee = s.fee + c.fee, pending = s.pending + c.pending
      from slots c
     where s.account_id = %(account_id)s and s.currency = c.currency and s.month = c.month
       and s.category = c.category and s.slot = c.slot
  )
  insert into sale_sums (account_id, currency, month, category, slot, orders, units, gross, refunded, fee, pending)
  select %(account_id)s, currency, month, category, gen_random_uuid(), orders, units, gross, refunded, fee, pending
    from slots where slot is null
"""
_COLUMNS = "sold_at, state, category, currency, orders, units, gross, refunded, fee"
# A refund first returns the money for cancelled units, which is not in the gross; what an order refunds beyond its lines is in the
# first one, and shipping is no revenue: never more is refunded than was sold.
RECORD_ORDERS = f"""
  with lines as (
    select l.id, l.order_id, l.product_id, o.placed_at, o.currency, o.refunded as order_refunded,
           case o.status when 'pending' then 'pending' when 'cancelled' then 'void' else 'paid' end as state,
           row_number() over (partition by l.order_id order by l.id) as nth,
           l.quantity - l.units_cancelled as units, l.total, l.refunded, l.fee,
           case when l.units_cancelled = 0 then l.total
                else round(l.total * (l.quantity - l.units_cancelled) / greatest(l.quantity, 1), 2) end as gross
      from unnest(%(ids)s::integer[]) as t (id)
     cross join lateral (
       select * from orders h where h.account_id = %(account_id)s and h.id = t.id offset 0) o
     cross join lateral (
       select * from order_lines r where r.account_id = %(account_id)s and r.order_id = o.id offset 0) l
  ), repaid as (
    select l.*, greatest(l.refunded - (l.total - l.gross), 0) as own,
           least(greatest(l.order_refunded, sum(l.refunded) over whole) - sum(l.total - l.gross) over whole,
                 sum(l.gross) over whole) as together
      from lines l window whole as (partition by l.order_id)
  ), news as materialized (
    select r.id as order_line_id, r.product_id, r.placed_at as sold_at, r.state,
           coalesce(case when (b.sale).product_id is not null then (b.sale).category end, nullif(p.category, ''), 'other')
             as category,
           r.currency, (r.nth = 1)::integer as orders, r.units, r.gross,
           r.own + case when r.nth = 1 then greatest(r.together - sum(r.own) over (partition by r.order_id), 0)
                        else 0 end as refunded,
           r.fee, b.sale as before
      from repaid r
      left join lateral (
        select s as sale from sales s where s.account_id = %(account_id)s and s.order_line_id = r.id offset 0) b on true
      left join lateral (
        select c.category from products c where c.account_id = %(account_id)s and c.id = r.product_id offset 0) p on true
  ), written as (
    insert into sales (account_id, order_line_id, product_id, {_COLUMNS})
    select %(account_id)s, order_line_id, product_id, {_COLUMNS} from news order by order_line_id
    on conflict on constraint sales_line_key do update
       set product_id = excluded.product_id, sold_at = excluded.sold_at, state = excluded.state, category = excluded.category,
           currency = excluded.currency, orders = excluded.orders, units = excluded.units, gross = excluded.gross,
           refunded = excluded.refunded, fee = excluded.fee
     where (sales.product_id, sales.sold_at, sales.state, sales.currency, sales.units, sales.gross, sales.refunded, sales.fee)
           is distinct from (excluded.product_id, excluded.sold_at, excluded.state, excluded.currency, excluded.units,
                             excluded.gross, excluded.refunded, excluded.fee)
  ), moved as (
    select 1 as sign, {_COLUMNS} from news
    union all
    select -1, {_COLUMNS} from (select (n.before).* from news n where (n.before).id is not null) b
  ), {_ADD_UP}
"""
RECORD_DIRECT_SALE = f"""
  with written as (
    insert into sales (account_id, product_id, {_COLUMNS})
    values (%(account_id)s, %(product_id)s, %(now)s, 'paid', coalesce(nullif(%(category)s, ''), 'other'),
            %(currency)s, 1, 1, %(price)s, 0, 0)
    returning {_COLUMNS}
  ), moved as (select 1 as sign, * from written), {_ADD_UP}
"""
# The last sale of a product is void, unless an order reported it.
VOID_DIRECT_SALE = f"""
  with last as (
    select s.id, s.order_line_id from sales s
     where s.account_id = %(account_id)s and s.product_id = %(product_id)s and s.state <> 'void'
     order by s.sold_at desc, s.id desc limit 1
  ), written as (
    update sales s set state = 'void' from last
     where s.account_id = %(account_id)s and s.id = last.id and last.order_line_id is null
    returning s.sold_at, 'paid' as state, s.category, s.currency, s.orders, s.units, s.gross, s.refunded, s.fee
  ), moved as (select -1 as sign, * from written), {_ADD_UP}
"""
LOCK = "lock table sales in share row exclusive mode"
CLEAR_SUMS = "delete from sale_sums where account_id = %(account_id)s"
ADD_UP_AGAIN = f"""
  with moved as (select 1 as sign, {_COLUMNS} from sales where account_id = %(account_id)s), {_ADD_UP}
"""


async def record_orders(tx: Transaction, account_id: UUID, order_ids: Collection[int]) -> None:
    """Store the sales of orders, which are locked, as they are now."""
    await tx.run(RECORD_ORDERS, {"account_id": account_id, "ids": list(order_ids)})


async def record_direct_sale(
    tx: Transaction, account_id: UUID, sale: DirectSale, *, now: datetime
) -> None:
    """Store a sale outside a marketplace."""
    params = {
        "account_id": account_id,
        "product_id": sale.product_id,
        "category": sale.category,
        "price": sale.price,
        "currency": sale.currency,
        "now": now,
    }
    await tx.run(RECORD_DIRECT_SALE, params)


async def void_direct_sale(tx: Transaction, account_id: UUID, product_id: UUID) -> None:
    """Void the last sale of a product if it was outside a marketplace."""
    await tx.run(VOID_DIRECT_SALE, {"account_id": account_id, "product_id": product_id})


async def add_up_again(tx: Transaction, account_id: UUID) -> None:
    """Add all sales up again; other writers of sales wait until the transaction is over."""
    await tx.run(LOCK, {})
    await tx.run(CLEAR_SUMS, {"account_id": account_id})
    await tx.run(ADD_UP_AGAIN, {"account_id": account_id})

-- A bell names a connection or an endpoint by its id alone; without these each bell reads those of all accounts.
create index connections_id_idx on connections (id);
create index endpoints_id_idx on endpoints (id);

-- Partners ask again and again for the orders that stand somewhere on their way; those are few among all that ever were.
create index order_heads_status_idx on order_heads (account_id, status, date_order desc, id desc);

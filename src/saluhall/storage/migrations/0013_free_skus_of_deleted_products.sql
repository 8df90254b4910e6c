-- A deleted product frees its sku at once: whoever puts it again makes a new product, while the listings of the old one are being ended.
-- The id comes first in the key: nobody looks a whole account up by it.
alter table products
  drop constraint products_pkey,
  drop constraint products_id_key,
  add constraint products_pkey primary key (id, account_id);
create unique index products_sku_key on products (account_id, catalog_id, sku) where not delete_wanted;

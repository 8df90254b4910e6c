"""Every key of a table that belongs to accounts has the account, so that the tables can be distributed by it."""

from saluhall.storage import Database

# Tables with keys that are not an account's, and why.
DIRECTORIES = {
    "account_directory": "the name of an account is unique over all",
    "user_directory": "who signs in names no account",
    "subject_directory": "a token of an issuer names no account",
    "key_directory": "a request with a key names no account",
    "profile_directory": "the public address of a profile names no account",
}
GLOBAL = {
    "channel_budgets": "all accounts share the calls of a channel",
    "channel_calls": "all accounts share the calls of a channel",
    "eras": "the whole event log has them",
    "prunings": "old rows of all accounts are deleted together",
    "schema_migrations": "of the whole schema",
    "sign_in_failures": "who fails to sign in has no account yet",
    "number_plates": "the facts of a number plate are the same for every account",
    "workers": "a worker works for all accounts",
}
# Keys that begin with another column, and why.
OTHER_FIRST = {"products_pkey": "no statement reads a whole account by this key"}

KEYS = """
  select c.relname as table, i.relname as key,
         array(select a.attname::text from unnest(x.indkey) with ordinality k (number, place)
                 join pg_attribute a on a.attrelid = c.oid and a.attnum = k.number
                order by k.place) as columns
    from pg_index x
    join pg_class c on c.oid = x.indrelid
    join pg_class i on i.oid = x.indexrelid
   where (x.indisunique or x.indisexclusion) and c.relnamespace = 'public'::regnamespace
     and c.relname not like 'procrastinate%'
"""
REFERENCES = """
  select c.conrelid::regclass::text as table, c.conname as key,
         array(select a.attname::text from unnest(c.conkey) k join pg_attribute a
                 on a.attrelid = c.conrelid and a.attnum = k) as columns
    from pg_constraint c
   where c.contype = 'f' and c.connamespace = 'public'::regnamespace
     and c.conrelid::regclass::text not like 'procrastinate%'
"""


async def test_every_key_and_reference_of_an_accounts_table_has_the_account(db: Database) -> None:
    async with db.statement() as tx:
        keys = await tx.all(dict, KEYS)
        references = await tx.all(dict, REFERENCES)
    shared = DIRECTORIES | GLOBAL

    assert shared.keys() <= {each["table"] for each in keys}
    of_accounts = [each for each in keys + references if each["table"] not in shared]
    assert len(of_accounts) > 30
    assert [each["key"] for each in of_accounts if "account_id" not in each["columns"]] == []
    other_first = {each["key"] for each in of_accounts if each["columns"][0] != "account_id"}
    assert other_first == OTHER_FIRST.keys()


async def test_a_directory_maps_to_one_account_and_nothing_else_is_unique_over_all(
    db: Database,
) -> None:
    async with db.statement() as tx:
        keys = await tx.all(dict, KEYS)
    found = {each["table"]: each["columns"] for each in keys if each["table"] in DIRECTORIES}

    assert found.keys() == DIRECTORIES.keys()
    assert all(len(columns) == 1 for columns in found.values())
    assert sum(each["table"] in DIRECTORIES for each in keys) == len(DIRECTORIES)

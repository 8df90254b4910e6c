#!/bin/sh
# promote.sh PORT - make the standby on this machine the primary. Run it as the user of PostgreSQL, and only
# when the old primary is down and stays down: two primaries are worse than none.
set -eu
bin=${POSTGRES_BIN:-$(pg_config --bindir)}
# It will have no standby, and would wait for one with every write: the name goes. Set it again when the next standby streams.
# The reload comes last: just before a promotion it can hold that up for wal_retrieve_retry_interval.
answer=$("$bin/psql" --quiet --no-psqlrc --set=ON_ERROR_STOP=1 --tuples-only --no-align \
  --host="${PGHOST:-127.0.0.1}" --port="$1" --username=postgres --dbname=postgres \
  --command="alter system set synchronous_standby_names = ''" --command="select pg_promote() and pg_reload_conf()")
[ "$answer" = t ]

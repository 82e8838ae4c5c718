#!/bin/sh
# A private PostgreSQL for tests: pg.sh start|stop|crash|restart|remove DIR
# "start" makes the cluster in DIR on first use and prints the DIR of its socket. As root it runs as nobody.
# FERRULE_TEST_FSYNC=on keeps fsync.
set -eu
action=$1
dir=$2

for candidate in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/local/pgsql/bin; do
	[ -x "$candidate/initdb" ] && printf '%s\n' "$candidate"
done | sort -t / -k 5 -V | tail -n 1 >"${TMPDIR:-/tmp}/.pg-bin.$$"
read -r bin <"${TMPDIR:-/tmp}/.pg-bin.$$" || bin=
rm -f "${TMPDIR:-/tmp}/.pg-bin.$$"
[ -n "$bin" ] || { echo "pg.sh: PostgreSQL's initdb was not found" >&2; exit 1; }

run() {
	if [ "$(id -u)" = 0 ]; then
		(cd / && HOME=/nonexistent setpriv --reuid=nobody --regid="$(id -g nobody)" --clear-groups "$@")
	else
		"$@"
	fi
}

start() {
	options="-c listen_addresses= -c unix_socket_directories=$dir -c fsync=${FERRULE_TEST_FSYNC:-off}"
	options="$options -c max_connections=60 -c shared_buffers=32MB -c logging_collector=off"
	# -w waits until it answers.
	run "$bin/pg_ctl" -D "$dir/data" -l "$dir/log" -w -t 60 -o "$options" start >/dev/null </dev/null
}

case $action in
start)
	if [ ! -d "$dir/data" ]; then
		[ "$(id -u)" != 0 ] || chown nobody "$dir"
		run "$bin/initdb" -D "$dir/data" -U ferrule -A trust -E UTF8 --no-locale --no-sync >"$dir/initdb.log" 2>&1 ||
			{ cat "$dir/initdb.log" >&2; exit 1; }
	fi
	start
	;;
restart)
	run "$bin/pg_ctl" -D "$dir/data" -m fast -w stop >/dev/null
	start
	;;
crash)
	run "$bin/pg_ctl" -D "$dir/data" -m immediate -w stop >/dev/null
	start
	;;
stop)
	run "$bin/pg_ctl" -D "$dir/data" -m immediate -w stop >/dev/null
	;;
remove)
	run "$bin/pg_ctl" -D "$dir/data" -m immediate -w stop >/dev/null 2>&1 || true
	rm -rf "$dir"
	;;
*)
	echo "pg.sh: unknown action $action" >&2
	exit 2
	;;
esac

#!/bin/sh
# A private PostgreSQL for tests: pg.sh start DIR PID | restart|crash|remove|bouncer DIR
# "start" makes the cluster in DIR, with its socket in DIR, and removes it when the process PID has gone. As root
# it runs as nobody. FERRULE_TEST_FSYNC=on keeps fsync.
set -eu
action=$1
dir=$2
bin=

for candidate in $(printf '%s\n' /usr/local/pgsql/bin /usr/pgsql-*/bin /usr/lib/postgresql/*/bin | sort -V); do
	[ ! -x "$candidate/initdb" ] || bin=$candidate
done
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
	# A test that aborts cannot clean up.
	(
		cd /
		while kill -0 "$3" 2>/dev/null; do
			sleep 1
		done
		[ ! -d "$dir" ] || exec "$0" remove "$dir"
	) >/dev/null 2>&1 </dev/null &
	;;
restart)
	run "$bin/pg_ctl" -D "$dir/data" -m fast -w stop >/dev/null
	start
	;;
crash)
	run "$bin/pg_ctl" -D "$dir/data" -m immediate -w stop >/dev/null
	start
	;;
bouncer)
	# pgbouncer in transaction mode before the cluster, with its socket in DIR/bouncer.
	[ -d "$dir/bouncer" ] || mkdir "$dir/bouncer"
	cat >"$dir/bouncer/ini" <<-END
		[databases]
		* = host=$dir user=ferrule
		[pgbouncer]
		listen_addr =
		unix_socket_dir = $dir/bouncer
		listen_port = 5432
		auth_type = any
		auth_file = $dir/bouncer/users
		pool_mode = transaction
		default_pool_size = 3
		pidfile = $dir/bouncer/pid
		logfile = $dir/bouncer/log
	END
	echo '"ferrule" ""' >"$dir/bouncer/users"
	[ "$(id -u)" != 0 ] || chown -R nobody "$dir/bouncer"
	run "$(command -v pgbouncer || echo /usr/sbin/pgbouncer)" -q -d "$dir/bouncer/ini" </dev/null
	;;
remove)
	[ ! -f "$dir/bouncer/pid" ] || kill "$(cat "$dir/bouncer/pid")" 2>/dev/null || true
	run "$bin/pg_ctl" -D "$dir/data" -m immediate -w stop >/dev/null 2>&1 || true
	rm -rf "$dir"
	;;
*)
	echo "pg.sh: unknown action $action" >&2
	exit 2
	;;
esac

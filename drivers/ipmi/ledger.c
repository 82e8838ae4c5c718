/* ledger: see ledger.h. The file: a header, a record for each line, records of orphans. */
#include "drivers/ipmi/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "drivers/ipmi/line.h"
#include "drivers/ipmi/options.h"
#include "lib/clock.h"
#include "lib/hash.h"
#include "lib/log.h"
#include "lib/loop.h"
#include "lib/map.h"
#include "lib/xalloc.h"

enum { LINES = IPMI_LINES_MAX + 1, ORPHANS = 8192, ORPHANS_PER_BMC = 8, VERSION = 1 };
enum {
	ALIVE_MS = 10000,    /* how often the header says that the process lives */
	FORGET_MS = 3600000, /* BMCs end idle sessions much sooner; an older id may be somebody else's */
	FAMILY_V4 = 4,
	FAMILY_V6 = 6
};

struct record {
	uint8_t address[16];
	uint16_t port;
	uint16_t family;
	uint32_t check;              /* of the members above and the id */
	_Atomic uint32_t session_id; /* written last; 0: no record */
	uint32_t reserved;
};

struct header {
	char magic[8];
	uint32_t version, record_count;
	_Atomic int64_t alive_ms; /* clock_wall_ms() */
	uint8_t reserved[8];
};

struct file {
	struct header header;
	struct record records[LINES + ORPHANS];
};

static const char magic[8] = "FRLSESS";

static struct {
	bool is_open; /* or has failed to: it is not tried again */
	int fd;
	struct file *file; /* NULL: nothing is recorded */
	struct loop_timer *timer;
	struct map orphans; /* by peer_key: the first of each BMC */
	unsigned orphan_count;
	unsigned next_orphan; /* where a free record is looked for */
} ledger;

/* ---- records ---- */

static uint32_t check_of(const struct record *record, uint32_t session_id)
{
	uint32_t check = 0x811c9dc5 ^ session_id;
	const uint8_t *bytes = record->address;

	for (size_t i = 0; i < offsetof(struct record, check); i++)
		check = (check ^ bytes[i]) * 0x01000193;
	return check;
}

static void record_write(struct record *record, const struct udp_address *peer, uint32_t session_id)
{
	atomic_store_explicit(&record->session_id, 0, memory_order_release);
	memset(record->address, 0, sizeof(record->address));
	record->port = udp_address_port(peer);
	if (peer->any.sa_family == AF_INET) {
		record->family = FAMILY_V4;
		memcpy(record->address, &peer->v4.sin_addr, 4);
	} else {
		record->family = FAMILY_V6;
		memcpy(record->address, &peer->v6.sin6_addr, 16);
	}
	record->check = check_of(record, session_id);
	atomic_store_explicit(&record->session_id, session_id, memory_order_release);
}

static void record_clear(struct record *record)
{
	atomic_store_explicit(&record->session_id, 0, memory_order_release);
}

/* False: there is none, or it is torn. */
static bool record_read(const struct record *record, struct udp_address *ret_peer, uint32_t *ret_id)
{
	*ret_id = atomic_load_explicit(&record->session_id, memory_order_acquire);
	if (*ret_id == 0 || record->check != check_of(record, *ret_id))
		return false;
	*ret_peer = (struct udp_address){ 0 };
	if (record->family == FAMILY_V4) {
		ret_peer->v4.sin_family = AF_INET;
		ret_peer->v4.sin_port = htons(record->port);
		memcpy(&ret_peer->v4.sin_addr, record->address, 4);
	} else {
		ret_peer->v6.sin6_family = AF_INET6;
		ret_peer->v6.sin6_port = htons(record->port);
		memcpy(&ret_peer->v6.sin6_addr, record->address, 16);
	}
	return true;
}

/* ---- orphans ---- */

static int64_t peer_key(const struct udp_address *peer)
{
	uint64_t hash = HASH_START ^ udp_address_port(peer);

	if (peer->any.sa_family == AF_INET)
		hash = hash_bytes(hash, &peer->v4.sin_addr, sizeof(peer->v4.sin_addr));
	else
		hash = hash_bytes(hash, &peer->v6.sin6_addr, sizeof(peer->v6.sin6_addr));
	return hash_key(hash);
}

/* A free record among those of orphans; 0: none. */
static unsigned free_record(void)
{
	for (unsigned i = 0; ledger.file != NULL && i < ORPHANS; i++) {
		unsigned place = LINES + (ledger.next_orphan + i) % ORPHANS;
		if (atomic_load(&ledger.file->records[place].session_id) == 0) {
			ledger.next_orphan = place - LINES + 1;
			return place;
		}
	}
	return 0;
}

static unsigned count_of(const struct ledger_orphan *orphan)
{
	unsigned count = 0;

	for (; orphan != NULL; orphan = orphan->next)
		count++;
	return count;
}

/* record: where it is written already; 0: it gets one. */
static void orphan_add(const struct udp_address *peer, uint32_t session_id, unsigned record)
{
	struct ledger_orphan *first = map_get(&ledger.orphans, peer_key(peer));

	if (count_of(first) >= ORPHANS_PER_BMC)
		ledger_settle(first);

	struct ledger_orphan *orphan = xmalloc(sizeof(*orphan));
	*orphan = (struct ledger_orphan){ .peer = *peer,
					  .session_id = session_id,
					  .since_ms = clock_ms(),
					  .record = record != 0 ? record : free_record() };
	if (record == 0 && orphan->record != 0)
		record_write(&ledger.file->records[orphan->record], peer, session_id);
	/* at the end: the oldest is closed first */
	first = map_get(&ledger.orphans, peer_key(peer));
	struct ledger_orphan **place = &first;
	while (*place != NULL)
		place = &(*place)->next;
	*place = orphan;
	map_put(&ledger.orphans, peer_key(peer), first);
	ledger.orphan_count++;
}

void ledger_settle(struct ledger_orphan *orphan)
{
	int64_t key = peer_key(&orphan->peer);
	struct ledger_orphan *first = map_take(&ledger.orphans, key), **place = &first;

	while (*place != orphan)
		place = &(*place)->next;
	*place = orphan->next;
	if (first != NULL)
		map_put(&ledger.orphans, key, first);
	if (orphan->record != 0)
		record_clear(&ledger.file->records[orphan->record]);
	ledger.orphan_count--;
	xfree(orphan);
}

unsigned ledger_orphan_count(void)
{
	return ledger.orphan_count;
}

/* ---- the file ---- */

static void say_alive(void *arg)
{
	(void)arg;
	atomic_store(&ledger.file->header.alive_ms, clock_wall_ms());
	loop_timer_set(ledger.timer, ALIVE_MS);
}

/* Makes an orphan of what is in a record, and frees the record if the orphan has got one of its own: copied
 * first, so that a kill in between doubles a session and loses none. */
static void adopt_record(unsigned place, bool is_old)
{
	struct record *record = &ledger.file->records[place];
	struct udp_address peer;
	uint32_t id;
	bool is_good = record_read(record, &peer, &id) && !is_old;

	if (is_good)
		orphan_add(&peer, id, place >= LINES ? place : 0);
	if (id != 0 && !(is_good && place >= LINES))
		record_clear(record);
}

/* What the last process left: orphans first, lest those that lines become be met again. */
static void adopt(void)
{
	int64_t silent_ms = clock_wall_ms() - atomic_load(&ledger.file->header.alive_ms);
	bool is_old = silent_ms < -FORGET_MS || silent_ms > FORGET_MS;

	for (unsigned place = LINES; place < LINES + ORPHANS; place++)
		adopt_record(place, is_old);
	for (unsigned place = 0; place < LINES; place++)
		adopt_record(place, is_old);
	if (ledger.orphan_count > 0)
		log_info("%u IPMI sessions were left open by the process before this one; they are closed at "
			 "the next logins",
			 ledger.orphan_count);
}

/* NULL: no file is wanted. */
static const char *path_of(char *text, size_t size)
{
	const char *folder = getenv("STATE_DIRECTORY"); /* systemd's, of the service */

	if (ipmi_options.session_ledger != NULL)
		return ipmi_options.session_ledger[0] != '\0' ? ipmi_options.session_ledger : NULL;
	if (folder == NULL || strlen(folder) + sizeof("/ipmi-sessions") > size || strchr(folder, ':') != NULL)
		return NULL;
	memcpy(text, folder, strlen(folder) + 1);
	memcpy(text + strlen(folder), "/ipmi-sessions", sizeof("/ipmi-sessions"));
	return text;
}

/* Whole on the disk, so that no store can meet a full one. */
static bool make_whole(int fd)
{
	struct stat status;

	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
		return false;
	if ((size_t)status.st_size > sizeof(struct file) && ftruncate(fd, sizeof(struct file)) < 0)
		return false;
	errno = posix_fallocate(fd, 0, sizeof(struct file));
	return errno == 0;
}

static struct file *map_file(const char *path, int *ret_fd)
{
	int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);

	if (fd < 0)
		return NULL;
	void *memory = MAP_FAILED;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0 && make_whole(fd))
		memory = mmap(NULL, sizeof(struct file), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED) {
		int saved = errno;
		close(fd);
		errno = saved;
		return NULL;
	}
	*ret_fd = fd;
	return memory;
}

static bool is_ours(const struct file *file)
{
	return memcmp(file->header.magic, magic, sizeof(magic)) == 0 && file->header.version == VERSION &&
	       file->header.record_count == LINES + ORPHANS;
}

static void open_file(void)
{
	char text[512];
	const char *path = path_of(text, sizeof(text));

	ledger.is_open = true;
	ledger.fd = -1;
	if (path != NULL) {
		ledger.file = map_file(path, &ledger.fd);
		if (ledger.file == NULL)
			log_warning(
				"%s cannot be used: IPMI sessions that are open when this process is killed "
				"will not be closed: %s",
				path, errno == EWOULDBLOCK ? "another process has it" : strerror(errno));
	}
	if (ledger.file == NULL)
		return;
	if (is_ours(ledger.file)) {
		adopt();
	} else {
		memset(ledger.file, 0, sizeof(*ledger.file));
		memcpy(ledger.file->header.magic, magic, sizeof(magic));
		ledger.file->header.version = VERSION;
		ledger.file->header.record_count = LINES + ORPHANS;
	}
	ledger.timer = loop_timer_new(say_alive, NULL);
	say_alive(NULL);
}

void ledger_release(void)
{
	int64_t key;

	for (size_t cursor = 0; ledger.orphan_count > 0; cursor = 0) {
		struct ledger_orphan *orphan = map_next(&ledger.orphans, &cursor, &key);
		orphan->record = 0; /* the next process goes on with it */
		ledger_settle(orphan);
	}
	map_release(&ledger.orphans);
	loop_timer_free(ledger.timer);
	if (ledger.file != NULL) {
		munmap(ledger.file, sizeof(*ledger.file));
		close(ledger.fd);
	}
	memset(&ledger, 0, sizeof(ledger));
}

/* ---- what others use ---- */

void ledger_record(unsigned line, const struct udp_address *peer, uint32_t session_id)
{
	if (!ledger.is_open)
		open_file();
	if (ledger.file != NULL)
		record_write(&ledger.file->records[line], peer, session_id);
}

void ledger_clear(unsigned line)
{
	if (ledger.file != NULL)
		record_clear(&ledger.file->records[line]);
}

void ledger_orphan(const struct udp_address *peer, uint32_t session_id)
{
	orphan_add(peer, session_id, 0);
}

static bool is_too_old(const struct ledger_orphan *orphan)
{
	return clock_ms() - orphan->since_ms > FORGET_MS;
}

struct ledger_orphan *ledger_find(const struct udp_address *peer)
{
	struct ledger_orphan *orphan;

	if (!ledger.is_open)
		open_file();
	if (ledger.orphan_count == 0)
		return NULL;
	while ((orphan = map_get(&ledger.orphans, peer_key(peer))) != NULL && is_too_old(orphan))
		ledger_settle(orphan);
	while (orphan != NULL && !udp_address_equal(&orphan->peer, peer))
		orphan = orphan->next;
	return orphan;
}

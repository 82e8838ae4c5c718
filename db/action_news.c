/* action_news: what is said of actions over NOTIFY. See action.h. */
#include "db/action_news.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/db.h"
#include "lib/hash.h"

enum { RESULT_MAX = 1000 };

void action_channel(const char *hostname, char channel[ACTION_CHANNEL_MAX])
{
	size_t len = (size_t)snprintf(channel, ACTION_CHANNEL_MAX, "c_%.50s", hostname);

	for (size_t i = 2; i < len; i++) {
		unsigned char c = (unsigned char)channel[i];
		channel[i] = (char)(isascii(c) && isalnum(c) ? tolower(c) : '_');
	}
	if (strlen(hostname) > 50) /* what was cut off keeps long names apart */
		snprintf(channel + len, ACTION_CHANNEL_MAX - len, "_%08" PRIx32,
			 (uint32_t)hash_text(HASH_START, hostname));
}

/* ---- reading ---- */

static bool read_number(const char **at, int64_t *ret)
{
	char *end;

	if (!isdigit((unsigned char)**at))
		return false;
	*ret = strtoll(*at, &end, 10);
	*at = end;
	return true;
}

/* ":<uuid>", if it is there. */
static bool read_uuid(const char **at, char uuid[UUID_TEXT])
{
	size_t len = strnlen(*at, UUID_TEXT);

	uuid[0] = '\0';
	if (**at != ':')
		return true;
	if (len < UUID_TEXT)
		return false;
	memcpy(uuid, *at + 1, UUID_TEXT - 1);
	uuid[UUID_TEXT - 1] = '\0';
	*at += UUID_TEXT;
	return uuid_is_valid(uuid);
}

/* ":<bytes>:<JSON>", if it is there. */
static bool read_result(const char **at, struct action_news *news)
{
	int64_t len;

	if (**at != ':')
		return true;
	(*at)++;
	if (!read_number(at, &len) || **at != ':' || len > RESULT_MAX ||
	    strnlen(*at + 1, (size_t)len) < (size_t)len)
		return false;
	news->result = *at + 1;
	news->result_len = (size_t)len;
	*at += 1 + len;
	return true;
}

static bool read_item(const char **at, struct action_news *ret)
{
	*ret = (struct action_news){ .what = **at };
	if (!isalpha((unsigned char)ret->what))
		return false;
	(*at)++;
	return read_number(at, &ret->id) && read_uuid(at, ret->uuid) && read_result(at, ret) &&
	       (ret->what == 'd') == (ret->result != NULL) && (**at == ',' || **at == '\0');
}

bool action_news_next(const char **payload, struct action_news *ret)
{
	const char *at = *payload;
	bool is_whole = false;

	while (at != NULL && *at != '\0' && !is_whole) {
		is_whole = read_item(&at, ret);
		at += strcspn(at, ",");
		at += *at == ',';
	}
	*payload = at;
	return is_whole;
}

/* ---- telling ---- */

void action_news_inserted(struct db *db, const struct action_request *request, int64_t id)
{
	char channel[ACTION_CHANNEL_MAX], item[32];

	action_channel(request->target, channel);
	snprintf(item, sizeof(item), "%c%" PRId64, request->is_exclusive ? 'x' : 's',
		 request->is_exclusive ? request->node_id : id);
	db_notify(db, channel, item);
}

void action_news_look(struct db *db, const char *reply, int64_t id)
{
	char item[32];

	snprintf(item, sizeof(item), "f%" PRId64, id);
	db_notify(db, reply, item);
}

void action_news_accepted(struct db *db, const struct action *action)
{
	char item[80];

	snprintf(item, sizeof(item), "a%" PRId64 ":%s", action->id, action->uuid);
	if (action->reply != NULL)
		db_notify(db, action->reply, item);
}

/* Plain text, which no encoding of the database refuses. */
static bool is_short_json(const struct action_outcome *outcome)
{
	if (outcome->state != ACTION_DONE || outcome->result_len == 0 || outcome->result_len > RESULT_MAX ||
	    strcmp(outcome->result_type, "application/json") != 0)
		return false;
	const unsigned char *bytes = outcome->result;
	for (size_t i = 0; i < outcome->result_len; i++) {
		if (bytes[i] < 0x20 || bytes[i] > 0x7e)
			return false;
	}
	return true;
}

void action_news_end(const struct action *action, const struct action_outcome *outcome,
		     char item[ACTION_NEWS_MAX])
{
	if (is_short_json(outcome))
		snprintf(item, ACTION_NEWS_MAX, "d%" PRId64 ":%s:%zu:%.*s", action->id, action->uuid,
			 outcome->result_len, (int)outcome->result_len, (const char *)outcome->result);
	else
		snprintf(item, ACTION_NEWS_MAX, "f%" PRId64 ":%s", action->id, action->uuid);
}

void action_news_finished(struct db *db, const struct action *action, const struct action_outcome *outcome)
{
	char item[ACTION_NEWS_MAX];

	if (action->reply == NULL)
		return;
	action_news_end(action, outcome, item);
	db_notify(db, action->reply, item);
}

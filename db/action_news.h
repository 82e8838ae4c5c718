#pragma once
/* action_news: tells conductors of an action, and the API process that waits for it what became of it, after
 * the commit. The items, their reader and the channels: db/action.h. Never suspends; what is lost, polling
 * finds. */
#include "db/action.h"

/* Tells the conductors of the request's target. */
void action_news_inserted(struct db *db, const struct action_request *request, int64_t id);
/* For an end that others than its holder have written: the row is worth a look. */
void action_news_look(struct db *db, const char *reply, int64_t id);
void action_news_accepted(struct db *db, const struct action *action);
/* The item of an end, and saying it. outcome: as it is stored. */
#define ACTION_NEWS_MAX 1100
void action_news_end(const struct action *action, const struct action_outcome *outcome,
		     char item[ACTION_NEWS_MAX]);
void action_news_finished(struct db *db, const struct action *action, const struct action_outcome *outcome);

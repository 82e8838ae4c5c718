/* problem: see problem.h. */
#include "drivers/redfish/problem.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "lib/json.h"

/* Printable, one line, cut. */
static void put_text(char *target, size_t size, const char *text)
{
	size_t len = 0;

	if (!text)
		return;
	for (; *text && len + 1 < size; text++) {
		unsigned char c = (unsigned char)*text;
		bool is_space = c <= ' ' || c == 0x7f;
		if (is_space && (!len || target[len - 1] == ' '))
			continue;
		target[len++] = is_space ? ' ' : (char)c;
	}
	/* not in the middle of a UTF-8 character */
	while (*text && len && ((unsigned char)target[len - 1] & 0xc0) == 0x80)
		len--;
	if (*text && len && ((unsigned char)target[len - 1] & 0x80))
		len--;
	while (len && target[len - 1] == ' ')
		len--;
	target[len] = '\0';
}

static int severity_rank(const json_t *info)
{
	static const char *const ranks[] = { "OK", "Warning", "Critical" };
	const char *severity = json_string_value(json_object_get(info, "MessageSeverity"));

	if (!severity)
		severity = json_string_value(json_object_get(info, "Severity"));
	for (int i = 0; severity && i < 3; i++)
		if (!strcmp(ranks[i], severity))
			return i;
	return 1;
}

/* The most severe message of a list; of a single object (iDRAC), that. */
static const json_t *worst_info(const json_t *infos)
{
	const json_t *worst = NULL, *info;
	size_t index;

	if (json_is_object(infos))
		return infos;
	json_array_foreach((json_t *)infos, index, info)
	{
		if (json_is_object(info) && (!worst || severity_rank(info) > severity_rank(worst)))
			worst = info;
	}
	return worst;
}

/* iLO may send MessageId and MessageArgs without a Message. */
static void take_info(const json_t *info, struct redfish_problem *problem)
{
	const char *id = json_string_value(json_object_get(info, "MessageId"));
	const char *message = json_string_value(json_object_get(info, "Message"));
	const json_t *args = json_object_get(info, "MessageArgs");
	const json_t *arg;
	struct buf joined;
	size_t index;

	if (!id)
		id = json_string_value(json_object_get(info, "MessageID"));
	if (id && *id)
		put_text(problem->code, sizeof(problem->code), id);
	if (message && *message) {
		put_text(problem->text, sizeof(problem->text), message);
		return;
	}
	if (!json_array_size(args))
		return;
	buf_init(&joined, sizeof(problem->text));
	json_array_foreach((json_t *)args, index, arg)
	{
		if (json_is_string(arg)) {
			buf_puts(&joined, joined.len ? ", " : "");
			buf_puts(&joined, json_string_value(arg));
		}
	}
	put_text(problem->text, sizeof(problem->text), joined.data);
	buf_release(&joined);
}

static const json_t *infos_of(const json_t *object)
{
	const json_t *infos = json_object_get(object, "@Message.ExtendedInfo");

	return infos ? infos : json_object_get(object, "Messages"); /* iLO4 */
}

void redfish_problem_read(const char *body, size_t len, struct redfish_problem *ret)
{
	const json_t *error, *info;
	json_t *document;

	*ret = (struct redfish_problem){ 0 };
	if (!len || json_parse(body, len, JSON_DEPTH_MAX, &document, NULL) < 0)
		return;
	error = json_object_get(document, "error");
	if (json_is_string(error))
		put_text(ret->text, sizeof(ret->text), json_string_value(error)); /* AMI */
	if (!json_is_object(error))
		error = document;
	put_text(ret->code, sizeof(ret->code), json_string_value(json_object_get(error, "code")));
	if (!*ret->text)
		put_text(ret->text, sizeof(ret->text), json_string_value(json_object_get(error, "message")));
	info = worst_info(infos_of(error) ? infos_of(error) : infos_of(document));
	if (info)
		take_info(info, ret);
	json_decref(document);
}

void redfish_problem_mask(struct redfish_problem *problem, const char *secret)
{
	size_t len = secret ? strlen(secret) : 0;

	if (len < 3)
		return;
	for (char *found = problem->text; (found = strstr(found, secret)); found += len)
		memset(found, '*', len);
	for (char *found = problem->code; (found = strstr(found, secret)); found += len)
		memset(found, '*', len);
}

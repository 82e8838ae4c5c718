/* bios_registry: see bios_registry.h. */
#include "drivers/redfish/bios_registry.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "drivers/bios_settings.h"

/* ---- finding it ---- */

static const char family_of_most[] = "BiosAttributeRegistry";

/* Up to the version: "BiosAttributeRegistry.v1_0_3" and "BiosAttributeRegistry.1.0.0" are one. */
static size_t family_len(const char *name)
{
	return strcspn(name, "./");
}

/* How well the last part of a path fits the name that the BIOS gives; 0: not at all. Versions differ between
 * the two on Dell and Supermicro, and OpenBMC gives no name. */
static int fit(const char *path, const char *wanted)
{
	size_t len = strlen(path);
	const char *name;

	while (len && path[len - 1] == '/')
		len--;
	name = path + len;
	while (name > path && name[-1] != '/')
		name--;
	len -= (size_t)(name - path);
	if (wanted && strlen(wanted) == len && !strncmp(name, wanted, len))
		return 3;
	if (wanted && family_len(wanted) == family_len(name) && !strncmp(name, wanted, family_len(wanted)))
		return 2;
	return !strncmp(name, family_of_most, strlen(family_of_most));
}

/* The file's document; NULL: not there. */
SUSPENDS static const json_t *find_file(struct redfish_reader *reader, const char *wanted)
{
	const json_t *collection, *link, *best = NULL;
	char path[REDFISH_PATH_MAX];
	int best_fit = 0;
	size_t index;

	snprintf(path, sizeof(path), "%sRegistries", reader->client->info.root);
	collection = redfish_read(reader, path);
	json_array_foreach(json_object_get(collection, "Members"), index, link)
	{
		const char *member = redfish_text(link, "@odata.id");
		int found = member && index < REDFISH_MEMBERS_MAX ? fit(member, wanted) : 0;
		if (found > best_fit) {
			best_fit = found;
			best = link;
		}
	}
	return best ? redfish_follow(reader, best) : NULL;
}

/* In English where there is a choice. */
static const char *uri_of(const json_t *file)
{
	const char *uri = NULL;
	const json_t *location;
	size_t index;

	json_array_foreach(json_object_get(file, "Location"), index, location)
	{
		const char *found = redfish_text(location, "Uri");
		const char *language = redfish_text(location, "Language");
		if (found && language && !strncasecmp(language, "en", 2))
			return found;
		if (!uri)
			uri = found;
	}
	return uri;
}

json_t *redfish_bios_registry(struct redfish_reader *reader, const json_t *bios)
{
	const char *uri = uri_of(find_file(reader, redfish_text(bios, "AttributeRegistry")));
	const json_t *registry = uri ? redfish_read(reader, uri) : NULL, *entry;
	json_t *entries = json_object();
	size_t index;

	json_array_foreach(json_object_get(json_object_get(registry, "RegistryEntries"), "Attributes"), index,
			   entry)
	{
		const char *name = redfish_text(entry, "AttributeName");
		if (name && index < REDFISH_ATTRIBUTES_MAX)
			json_object_set(entries, name, (json_t *)entry);
	}
	return entries;
}

/* ---- words ---- */

static const char value_name[] = "ValueName", display_name[] = "ValueDisplayName";

static bool has_word(const json_t *values, const char *member, const json_t *word)
{
	const json_t *value;
	size_t index;

	json_array_foreach((json_t *)values, index, value)
	{
		if (json_equal(json_object_get(value, member), (json_t *)word))
			return true;
	}
	return false;
}

json_t *redfish_bios_words(const json_t *entry, const json_t *value)
{
	const json_t *values = json_object_get(entry, "Value"), *row;
	const char *first = value_name, *second = display_name;
	json_t *words;
	size_t index;

	if (!json_is_array(values))
		return NULL;
	if (json_is_string(value) && !has_word(values, value_name, value) &&
	    has_word(values, display_name, value)) {
		first = display_name;
		second = value_name;
	}
	words = json_array();
	json_array_foreach((json_t *)values, index, row)
	{
		const json_t *word = json_object_get(row, first);
		if (!json_is_string(word))
			word = json_object_get(row, second);
		if (json_is_string(word))
			json_array_append(words, (json_t *)word);
	}
	return words;
}

/* ---- values ---- */

typedef json_t *convert_fn(const json_t *entry, const json_t *current, const json_t *value);

static json_t *enumeration(const json_t *entry, const json_t *current, const json_t *value)
{
	const json_t *values = json_object_get(entry, "Value");
	bool is_known = !json_is_array(values) || json_equal((json_t *)current, (json_t *)value) ||
			has_word(values, value_name, value) || has_word(values, display_name, value);

	return json_is_string(value) && is_known ? json_incref((json_t *)value) : NULL;
}

bool redfish_bios_bound(const json_t *entry, const char *name, int64_t *ret)
{
	const json_t *value = json_object_get(entry, name);

	if (!json_is_integer(value) && !(json_is_real(value) && fabs(json_real_value(value)) < 9e18))
		return false;
	*ret = redfish_number(entry, name);
	return true;
}

/* Is the number within the bounds that the entry has? */
static bool is_within(const json_t *entry, const char *lowest, const char *highest, int64_t number)
{
	int64_t bound;

	if (redfish_bios_bound(entry, lowest, &bound) && number < bound)
		return false;
	return !redfish_bios_bound(entry, highest, &bound) || number <= bound;
}

static json_t *integer(const json_t *entry, const json_t *current, const json_t *value)
{
	const char *text = json_string_value(value);
	int64_t number = json_integer_value(value);
	char *end = NULL;

	(void)current;
	errno = 0;
	if (text)
		number = strtoll(text, &end, 10);
	if (text ? end == text || *end || errno : !json_is_integer(value))
		return NULL;
	return is_within(entry, "LowerBound", "UpperBound", number) ? json_integer(number) : NULL;
}

static json_t *boolean(const json_t *entry, const json_t *current, const json_t *value)
{
	const char *text = json_string_value(value);

	(void)entry;
	(void)current;
	if (json_is_boolean(value))
		return json_incref((json_t *)value);
	if (!text || (strcasecmp(text, "true") != 0 && strcasecmp(text, "false") != 0))
		return NULL;
	return json_boolean(!strcasecmp(text, "true"));
}

static int64_t characters_in(const char *text)
{
	int64_t count = 0;

	for (; *text; text++)
		count += (*text & 0xc0) != 0x80;
	return count;
}

static json_t *string(const json_t *entry, const json_t *current, const json_t *value)
{
	json_t *text = bios_setting_value(value);

	(void)current;
	if (is_within(entry, "MinLength", "MaxLength", characters_in(json_string_value(text))))
		return text;
	json_decref(text);
	return NULL;
}

static const struct {
	const char *type;
	convert_fn *convert;
} types[] = {
	{ "Enumeration", enumeration }, { "Integer", integer }, { "Boolean", boolean },
	{ "String", string },           { "Password", string },
};

static const char *type_of(const json_t *entry, const json_t *current)
{
	const char *type = redfish_text(entry, "Type");

	if (type)
		return type;
	return json_is_integer(current) ? "Integer" : json_is_boolean(current) ? "Boolean" : "";
}

json_t *redfish_bios_converted(const json_t *entry, const json_t *current, const json_t *value)
{
	const char *type = type_of(entry, current);

	if ((!entry && !current) || json_is_true(json_object_get(entry, "ReadOnly")))
		return NULL;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (!strcmp(types[i].type, type))
			return types[i].convert(entry, current, value);
	return json_incref((json_t *)value);
}

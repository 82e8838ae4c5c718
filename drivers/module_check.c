/* module_check: hardware_type_check of module.h: a walk over all tables that a hardware type leads to. Each
 * table has a limit, so that one without its last row is found out before too much is read. */
#include "drivers/module.h"

#include <string.h>

#include "lib/utf8.h"

enum { NAME_MAX_BYTES = 63, TEXT_MAX_BYTES = 4096, ROWS_MAX = 128, RUN_MAX_S = 24 * 3600 };

/* Where in the tables the walk is, for sentences: "anchor-hardware, vendor interface anchor". */
struct place {
	char text[256];
	struct error *err;
};

#define REFUSE(place, ...)                                                                                   \
	(fail((place)->err, ERR_INVALID, __VA_ARGS__), fail_prefix((place)->err, "%s", (place)->text))

static struct place inside(const struct place *place, const char *kind, const char *name)
{
	struct place inner = { .err = place->err };

	snprintf(inner.text, sizeof(inner.text), "%.120s, %s %.64s", place->text, kind, name);
	return inner;
}

static bool is_name(const char *text)
{
	size_t len = text ? strnlen(text, NAME_MAX_BYTES + 1) : 0;

	return len > 0 && len <= NAME_MAX_BYTES &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") == len;
}

/* Texts go to the database and to clients. */
static bool is_text(const char *text)
{
	size_t len = text ? strnlen(text, TEXT_MAX_BYTES + 1) : TEXT_MAX_BYTES + 1;
	size_t at = 0, length;

	while (len <= TEXT_MAX_BYTES && at < len && (length = utf8_length(text + at, len - at)) > 0)
		at += length;
	return at == len;
}

/* Walks the rows of a table that ends with a NULL name, or is NULL; row_at is which row it is. */
#define FOR_ROWS(row, table)                                                                                 \
	for (size_t row##_at = 0; (table) && ((row) = &(table)[row##_at])->name; row##_at++)

static int check_row_name(const struct place *place, const char *kind, const char *name, size_t at)
{
	if (at >= ROWS_MAX)
		return REFUSE(place, "there are more than %d of %s: does the table end with an empty row?",
			      ROWS_MAX, kind);
	return is_name(name) ? 0 : REFUSE(place, "row %zu of %s has a name that is none", at + 1, kind);
}

static int check_properties(const struct place *place, const struct driver_property *table)
{
	const struct driver_property *row;
	int rc = 0;

	FOR_ROWS(row, table)
	{
		rc = check_row_name(place, "properties", row->name, row_at);
		if (rc == 0 && !is_text(row->help))
			rc = REFUSE(place, "property %s has no help", row->name);
		if (rc < 0)
			break;
	}
	return rc;
}

/* ---- steps ---- */

static int check_step_arguments(const struct place *place, const struct step_argument *table)
{
	const struct step_argument *row;
	int rc = 0;

	FOR_ROWS(row, table)
	{
		rc = check_row_name(place, "arguments", row->name, row_at);
		if (rc < 0)
			break;
	}
	return rc;
}

static int check_steps(const struct place *place, const struct step *table)
{
	const unsigned all = STEP_CLEAN | STEP_DEPLOY | STEP_SERVICE;
	const struct step *row;
	int rc = 0;

	FOR_ROWS(row, table)
	{
		struct place here;

		rc = check_row_name(place, "steps", row->name, row_at);
		if (rc < 0)
			break;
		here = inside(place, "step", row->name);
		if (!row->uses || (row->uses & ~all))
			rc = REFUSE(&here, "it has no uses, or unknown ones");
		else if (row->priority < 0)
			rc = REFUSE(&here, "its priority is negative");
		else if (!row->run)
			rc = REFUSE(&here, "it has no run");
		else
			rc = check_step_arguments(&here, row->arguments);
		if (rc < 0)
			break;
	}
	return rc;
}

/* ---- vendor methods ---- */

static int check_arguments(const struct place *place, const struct passthru_argument *table)
{
	const struct passthru_argument *row;
	int rc = 0;

	FOR_ROWS(row, table)
	{
		rc = check_row_name(place, "arguments", row->name, row_at);
		if (rc == 0 && (unsigned)row->type > ARGUMENT_ANY)
			rc = REFUSE(place, "argument %s has an unknown type", row->name);
		/* Clients take these words for themselves. */
		if (rc == 0 && (strcmp(row->name, "method") == 0 || strcmp(row->name, "http_method") == 0))
			rc = REFUSE(place, "an argument cannot be called %s", row->name);
		if (rc < 0)
			break;
	}
	return rc;
}

static int check_method(const struct place *place, const struct passthru_method *method)
{
	const unsigned all = VERB_GET | VERB_POST | VERB_PUT | VERB_PATCH | VERB_DELETE;

	if (!method->verbs || (method->verbs & ~all))
		return REFUSE(place, "it has no verbs, or unknown ones");
	if (!method->run)
		return REFUSE(place, "it has no run");
	if (!is_text(method->help))
		return REFUSE(place, "it has no help");
	if ((unsigned)method->mode > PASSTHRU_ASYNC || (unsigned)method->lock > LOCK_SHARED ||
	    (unsigned)method->on_crash > CRASH_REPEAT)
		return REFUSE(place, "its mode, lock or on_crash is unknown");
	if (method->is_attach && method->mode == PASSTHRU_ASYNC)
		return REFUSE(place, "it attaches a file that nobody waits for");
	if (method->run_s > RUN_MAX_S)
		return REFUSE(place, "it may run longer than %d s", RUN_MAX_S);
	return check_arguments(place, method->arguments);
}

static int check_methods(const struct place *place, const char *kind, const struct passthru_method *table)
{
	const struct passthru_method *row;
	int rc = 0;

	FOR_ROWS(row, table)
	{
		struct place here;

		rc = check_row_name(place, kind, row->name, row_at);
		for (size_t i = 0; rc == 0 && i < row_at; i++) {
			if (strcmp(table[i].name, row->name) == 0)
				rc = REFUSE(place, "there are two %s %s", kind, row->name);
		}
		if (rc < 0)
			break;
		here = inside(place, "method", row->name);
		rc = check_method(&here, row);
		if (rc < 0)
			break;
	}
	return rc;
}

/* ---- interfaces ---- */

static int check_power(const struct place *place, const struct interface *interface)
{
	const struct power_interface *power = power_interface(interface);
	size_t count = 0;

	if (!power->get || !power->set || !power->supported)
		return REFUSE(place, "it has no get, set or supported");
	for (; power->supported[count] != POWER_UNKNOWN; count++) {
		if (count >= POWER_STATE_COUNT || (unsigned)power->supported[count] >= POWER_ERROR)
			return REFUSE(
				place,
				"supported holds what is no target, or does not end with POWER_UNKNOWN");
	}
	return 0;
}

static int check_management(const struct place *place, const struct interface *interface)
{
	const struct management_interface *management = management_interface(interface);
	const struct indicator *row = management->indicators;

	for (size_t i = 0; row && row->name; i++, row++) {
		int rc = check_row_name(place, "indicators", row->name, i);

		if (rc < 0)
			return rc;
		if (!is_name(row->component) || !row->states)
			return REFUSE(place, "indicator %s has no component or states", row->name);
	}
	if (management->boot_device_set && !management->boot_devices)
		return REFUSE(place, "it sets boot devices and names none");
	return 0;
}

static int check_console(const struct place *place, const struct interface *interface)
{
	const struct console_interface *console = console_interface(interface);

	return console->start && console->stop && console->get
		       ? 0
		       : REFUSE(place, "it has no start, stop or get");
}

static int check_inspect(const struct place *place, const struct interface *interface)
{
	return inspect_interface(interface)->inspect ? 0 : REFUSE(place, "it has no inspect");
}

static int check_rescue(const struct place *place, const struct interface *interface)
{
	const struct rescue_interface *rescue = rescue_interface(interface);

	return rescue->rescue && rescue->unrescue ? 0 : REFUSE(place, "it has no rescue or unrescue");
}

static int check_vendor(const struct place *place, const struct interface *interface)
{
	int rc = check_methods(place, "node methods", vendor_interface(interface)->node_methods);

	return rc < 0 ? rc
		      : check_methods(place, "driver methods", vendor_interface(interface)->driver_methods);
}

/* What a kind of interface must have beyond its head; the others may lack every operation. */
static int (*const checks[INTERFACE_COUNT])(const struct place *place, const struct interface *interface) = {
	[INTERFACE_CONSOLE] = check_console,       [INTERFACE_INSPECT] = check_inspect,
	[INTERFACE_MANAGEMENT] = check_management, [INTERFACE_POWER] = check_power,
	[INTERFACE_RESCUE] = check_rescue,         [INTERFACE_VENDOR] = check_vendor,
};

static int check_interface(const struct place *place, enum interface_type type,
			   const struct interface *const *list, size_t at)
{
	const char *kind = interface_type_info(type)->name;
	const struct interface *interface = list[at];
	char heading[32];
	struct place here;
	int rc;

	if (at >= INTERFACES_MAX)
		return REFUSE(place, "there are more than %d %s interfaces: does the list end with NULL?",
			      INTERFACES_MAX, kind);
	if (interface->type != type)
		return REFUSE(place, "a %s interface is listed under another type", kind);
	if (!is_name(interface->name))
		return REFUSE(place, "a %s interface has no name, or one that is none", kind);
	for (size_t i = 0; i < at; i++) {
		if (strcmp(list[i]->name, interface->name) == 0)
			return REFUSE(place, "there are two %s interfaces %s", kind, interface->name);
	}
	snprintf(heading, sizeof(heading), "%s interface", kind);
	here = inside(place, heading, interface->name);
	rc = check_properties(&here, interface->properties);
	if (rc == 0)
		rc = check_steps(&here, interface->steps);
	return rc == 0 && checks[type] ? checks[type](&here, interface) : rc;
}

static int check_options(const struct place *place, const struct option *table, const char *section)
{
	const struct option *row = table;

	for (size_t i = 0; row && row->name; i++, row++) {
		int rc = check_row_name(place, "options", row->name, i);

		if (rc < 0)
			return rc;
		if (!row->section || (section && strcmp(row->section, section) != 0))
			return REFUSE(place, "option %s does not stand in the section [%s]", row->name,
				      section ? section : "");
		if ((unsigned)row->type > OPTION_SECONDS || !row->target)
			return REFUSE(place, "option %s has an unknown type or no target", row->name);
		if (!is_text(row->help))
			return REFUSE(place, "option %s has no help", row->name);
	}
	return 0;
}

int hardware_type_check(const struct hardware_type *hardware, const char *options_section, struct error *err)
{
	struct place place = { .err = err };
	int rc = 0;

	if (!is_name(hardware->name))
		return fail(err, ERR_INVALID, "a hardware type has no name, or one that is none");
	snprintf(place.text, sizeof(place.text), "%s", hardware->name);
	if (!is_name(hardware->class_name))
		return REFUSE(&place, "it has no class_name");
	rc = check_options(&place, hardware->options, options_section);
	for (enum interface_type type = 0; rc == 0 && type < INTERFACE_COUNT; type++) {
		const struct interface *const *list = hardware->interfaces[type];

		if (list && !list[0])
			rc = REFUSE(&place, "its list of %s interfaces is empty",
				    interface_type_info(type)->name);
		for (size_t i = 0; rc == 0 && list && list[i]; i++)
			rc = check_interface(&place, type, list, i);
	}
	return rc;
}

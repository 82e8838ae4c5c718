#pragma once
/* service_private: what the files of the Redfish service share. */
#include <stdint.h>

#include "drivers/redfish/service.h"

#define SERVICE_ID_MAX   40
#define SERVICE_PATH_MAX 1024 /* of a document with settings or actions */

struct service_session {
	char id[SERVICE_ID_MAX];
	char token[33];          /* 128 random bits in hexadecimal */
	int64_t used_ms;         /* clock_ms of the last request */
};

struct service_subscription {
	unsigned id;
	char *destination, *context; /* owned */
	json_t *event_types;         /* owned list of texts */
	json_t *headers;             /* owned list of objects; never shown: may hold credentials */
};

struct service_media {
	char *image;                 /* owned; NULL: empty */
	bool is_write_protected;
	bool is_ejected;             /* the image is only shown still */
	int stale_reads;             /* that still show it inserted */
};
enum { SERVICE_MEDIA_COUNT = 3 }; /* the last one is shown by makes that have it */

struct redfish_service {
	struct redfish_service_options options;
	const struct redfish_quirks *quirks;
	char *asset_tag;             /* owned */
	char indicator[12], chassis_indicator[12]; /* "Off", "Lit", "Blinking" */
	bool is_located, is_chassis_located;       /* LocationIndicatorActive */
	bool has_mode_job;           /* waits for a start of the system, of is_mode_a_job */
	int64_t clock_offset_s;      /* of the BMC's clock to ours */
	unsigned refused[REDFISH_REFUSALS_MAX]; /* by the rows of the make's refusals */
	int task_reads;              /* of the latest task's monitor */
	json_t *update;              /* owned; the latest image: component, version, state; NULL: none */
	char bios_version[32], bmc_version[32];
	int64_t started_ms;          /* clock_ms of the latest start of the system; 0: none */
	enum redfish_power cached_power; /* of power_cache_ms */
	int64_t cached_ms;           /* when that was read; 0: never */
	json_t *changes;             /* owned; path of a document to what PATCH and actions changed in it */
	struct service_session *sessions;           /* owned */
	unsigned session_count;
	struct service_subscription *subscriptions; /* owned */
	unsigned subscription_count;
	unsigned next_id;            /* of sessions and subscriptions */
	struct service_media media[SERVICE_MEDIA_COUNT];
};

/* One request on its way through the service. */
struct service_exchange {
	struct redfish_service *service;
	struct http_request *request;
	struct http_response *response;
	const char *path;             /* of the request, plain: no trailing slash */
	const char *id;               /* what stands for {} in the path; NULL: none */
	const char *session_id;       /* of the token that came with the request; NULL: none */
	json_t *body;                 /* object, for POST and PATCH; {} when the body is empty */
};

/* One row of a resource table. {} stands for one path segment. */
struct service_resource {
	const char *path;
	bool is_read_open, is_post_open; /* without credentials */
	bool is_live;                    /* stands in the place of a captured tree's document, too */
	/* A new document, or NULL: no such instance (404), or an error is already in the response. */
	SUSPENDS json_t *(*get)(struct service_exchange *exchange);
	SUSPENDS void (*post)(struct service_exchange *exchange);
	SUSPENDS void (*patch)(struct service_exchange *exchange);
	SUSPENDS void (*delete)(struct service_exchange *exchange);
};

/* Tables, each ending with a NULL path. */
extern const struct service_resource service_root_resources[];
extern const struct service_resource service_session_resources[];
extern const struct service_resource service_system_resources[];
extern const struct service_resource service_manager_resources[];
extern const struct service_resource service_event_resources[];
extern const struct service_resource service_task_resources[]; /* service_quirk.c */
extern const struct service_resource service_update_resources[];

/* ---- errors: service_error.c ---- */

enum service_message {
	MESSAGE_GENERAL, MESSAGE_MALFORMED, MESSAGE_MISSING_RESOURCE, MESSAGE_NO_SESSION, MESSAGE_METHOD,
	MESSAGE_NOT_ACCEPTABLE, MESSAGE_MEDIA_TYPE, MESSAGE_PRECONDITION_FAILED,
	MESSAGE_PRECONDITION_REQUIRED, MESSAGE_PROPERTY_UNKNOWN, MESSAGE_PROPERTY_READONLY,
	MESSAGE_PROPERTY_TYPE, MESSAGE_PROPERTY_VALUE, MESSAGE_PROPERTY_FORMAT, MESSAGE_PROPERTY_MISSING,
	MESSAGE_PARAMETER_MISSING, MESSAGE_PARAMETER_VALUE, MESSAGE_PARAMETER_TYPE,
	MESSAGE_PARAMETER_UNKNOWN, MESSAGE_PARAMETER_CONFLICT, MESSAGE_ACTION, MESSAGE_IN_USE, MESSAGE_QUERY,
	MESSAGE_SESSION_LIMIT, MESSAGE_SUBSCRIPTION_LIMIT, MESSAGE_INTERNAL, MESSAGE_COUNT
};
/* Fills an error answer; up to two arguments of the message, NULL: none. */
void service_refuse(struct service_exchange *exchange, enum service_message message, const char *first,
		    const char *second);
/* The Base registry that resolves every message above. */
json_t *service_base_registry(void);
#define SERVICE_REGISTRY "Base.1.13"

/* ---- sessions and credentials: service_session.c ---- */

/* Checks token or Basic credentials; sets exchange->session_id. False: 401 is in the response. */
SUSPENDS bool service_authenticate(struct service_exchange *exchange);
void service_sessions_release(struct redfish_service *service);

/* ---- what makes do otherwise: service_quirk.c ---- */

/* True: the make refuses this request, and the answer is in the response. */
bool service_quirk_refuses(struct service_exchange *exchange);
/* Turns what was done into a task, for makes that do. */
void service_quirk_task(struct service_exchange *exchange);
/* Adds the ETag header as the make sends it. */
void service_quirk_put_etag(struct service_exchange *exchange, const char *etag);

/* ---- documents: service_document.c ---- */

/* The resource for a path of the service's tree or of the inventory, or for an action of one of their
 * documents; NULL: none. */
const struct service_resource *service_document_find(const struct redfish_service *service, const char *path);
/* The system starts: what waits in settings resources takes effect. */
void service_documents_start(struct redfish_service *service);

/* Merges members (taken) into what is shown of a document from now on. */
void service_document_change(struct redfish_service *service, const char *path, json_t *take_members);

/* ---- firmware: service_update.c ---- */

/* SimpleUpdate: accepts the image in the body, and answers with a task. */
void service_update_start(struct service_exchange *exchange);
/* The system starts: images that wait for it are taken. */
void service_update_boot(struct redfish_service *service);

/* ---- the system and the manager, for any resource that shows them ---- */

/* PowerState as of now. */
SUSPENDS const char *service_power_name(struct service_exchange *exchange);
/* Carries out the Reset in the body and answers. */
SUSPENDS void service_system_reset(struct service_exchange *exchange);
/* Whether a boot override is in force. */
SUSPENDS bool service_boot_is_set(struct service_exchange *exchange);
/* Sets what the members of a Boot object say, with the make's quirks; targets that the machine does not know
 * count as none. False: the refusal is in the response. */
SUSPENDS bool service_boot_patch(struct service_exchange *exchange, const json_t *changes);
SUSPENDS void service_manager_reset(struct service_exchange *exchange);

struct service_insertion {
	const char *image; /* of the body */
	bool is_inserted, is_write_protected;
};
/* Reads the body of InsertMedia. False: the refusal is in the response. */
bool service_take_insertion(struct service_exchange *exchange, struct service_insertion *ret);
/* Checks the body of EjectMedia. False: the refusal is in the response. */
bool service_take_ejection(struct service_exchange *exchange);

/* ---- helpers ---- */

/* The document as the body. */
void service_put(struct service_exchange *exchange, const json_t *document);
/* 204. */
void service_done(struct service_exchange *exchange);
/* 201 with Location and the document. */
void service_created(struct service_exchange *exchange, const char *location, json_t *take_document);
/* A collection document of members named by the paths in the list (taken). */
json_t *service_collection(const char *path, const char *type, const char *name, json_t *take_members);
json_t *service_link(const char *path); /* {"@odata.id": path} */
/* Text member of the body. False: absent is fine (ret NULL), or wrong type (400 is in the response). */
bool service_body_text(struct service_exchange *exchange, const char *name, const char **ret);
/* True when every member of the object is in the NULL-terminated list; else 400 names the other. */
bool service_body_only(struct service_exchange *exchange, const char *const *names, bool is_action);
void service_subscriptions_release(struct redfish_service *service);

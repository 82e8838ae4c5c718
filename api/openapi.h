#pragma once
/*
 * openapi: the API as an OpenAPI 3.1 document, made from the tables that the API runs on: routes, their query
 * parameters and arguments, and the fields of nodes and resources. Microversions stand in members of our own:
 * "x-since" says which version brought a call, a parameter or a field.
 */
#include <jansson.h>

#include "model/resource.h"

/* The document; made once, lives as long as the process. */
const char *openapi_text(size_t *ret_len);

/* ---- of openapi_schema.c ---- */

/* Components by name. New reference. */
json_t *openapi_schemas_new(void);
/* A reference to a component: of a resource's answers ("Port"), of what POST takes ("PortCreate"), of lists
 * ("PortList"). suffix: "", "Create", "List". New reference. */
json_t *openapi_resource_ref(const struct resource *resource, const char *suffix);
json_t *openapi_ref(const char *kind, const char *name);
/* {"type": type}; is_nullable: or null. New reference. */
json_t *openapi_type(const char *type, bool is_nullable);
/* "1.23" as x-since; 0 and 1: nothing. */
void openapi_since(json_t *object, int since);

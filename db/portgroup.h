#pragma once
/* portgroup: what the ports of a group have in common. */
#include "db/db.h"

/* physical_network of one port of the group other than port_uuid, as the only column; no row: there is none.
 */
SUSPENDS int portgroup_member(struct db *db, const char *portgroup_id, const char *port_uuid,
			      struct db_rows **ret, struct error *err);

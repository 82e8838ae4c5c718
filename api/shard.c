/* shard: GET /v1/shards. */
#include "db/shard.h"
#include "api/handlers.h"
#include "api/json_out.h"

int shard_list(struct api_request *request, struct error *err)
{
	struct buf *body = &request->out->body;
	struct db_rows *rows = NULL;

	int rc = shard_read(request->db, &rows, err);
	if (rc < 0)
		return rc;
	reply_json(request, 200);
	buf_puts(body, "{\"shards\":[");
	for (int row = 0; row < db_rows_count(rows); row++) {
		const char *name = db_value(rows, row, 0);

		json_out_comma(body);
		buf_puts(body, "{\"name\":");
		/* Nodes without a shard are counted under this word, as in Ironic. */
		json_out_text(body, name ? name : "None", name ? db_value_len(rows, row, 0) : 4);
		buf_printf(body, ",\"count\":%s}", db_value(rows, row, 1));
	}
	buf_puts(body, "]}");
	db_rows_release(rows);
	return 0;
}

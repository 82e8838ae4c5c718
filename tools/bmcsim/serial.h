#pragma once
/*
 * serial: the serial port of a simulated machine, behind Serial-over-LAN: what it prints, and what it does
 * with what is typed. Made when a console first asks for it. Nothing suspends.
 */
#include "drivers/ipmi/server.h"
#include "tools/bmcsim/bmc.h"

struct serial;

/* bmc and server are borrowed. */
struct serial *serial_new(const struct bmc *bmc, struct ipmi_server *server);
void serial_free(struct serial *serial); /* NULL is fine */

/* The server's ops, passed on; SOL_SERVER_OTHER: another command. */
int serial_command(struct serial *serial, const struct ipmi_server_call *call, uint8_t *ret_data,
		   size_t *ret_len);
void serial_payload(struct serial *serial, uint32_t session_id, const uint8_t *payload, size_t len);
void serial_ended(struct serial *serial, uint32_t session_id);
/* For the control port: breaks seen, lines printed. */
unsigned serial_breaks(const struct serial *serial);
bool serial_is_active(const struct serial *serial);

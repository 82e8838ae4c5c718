#pragma once
/*
 * console_keep: opens the enabled consoles of this conductor's nodes that are not open (after a restart, a
 * take-over, or when the nodes were spread anew), and ends those that are not its business any more. No lock:
 * opening a console changes nothing of the node. Source: Ironic's _start_consoles.
 */
struct conductor;

void console_keep_start(struct conductor *conductor);

#pragma once
/*
 * service: tells the service manager how this process is, by systemd's notification protocol: datagrams to
 * the socket that NOTIFY_SOCKET names. Without that variable nothing is sent. Nothing here fails or suspends:
 * a manager that does not listen is no reason to stop.
 *
 * With WATCHDOG_USEC in the environment (WatchdogSec= of the unit) the loop says twice in that time that it
 * turns; a process that hangs is killed and started again. Source: sd_notify(3), sd_watchdog_enabled(3).
 */

/* Reads the environment and starts the watchdog. After loop_init. */
void service_start(void);
/* It serves. status: a sentence that `systemctl status` shows. */
void service_ready(const char *status);
/* It has been told to stop and drains. */
void service_stopping(void);
/* Before loop_release. */
void service_stop(void);

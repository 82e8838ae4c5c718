#pragma once
/*
 * lease: keeps this instance's row alive and watches those of others. One fiber renews every beat on a
 * connection of its own; one watches every second, declares the silent dead and sweeps what they ran. Source:
 * docs/locks.rst, sections 2 and 5.
 */
struct conductor;

void lease_start(struct conductor *conductor);

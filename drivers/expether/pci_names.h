#pragma once
/* pci_names: names of PCI vendors and devices out of pci.ids, where it is installed. */
#include "lib/fiber.h"

/* Reads the database once; without it, all names are empty. */
SUSPENDS void pci_names_load(const char *path);
/* "" when not known. Valid for the process's life. device alone: of that vendor. */
const char *pci_vendor_name(unsigned vendor);
const char *pci_device_name(unsigned vendor, unsigned device);
void pci_names_release(void);

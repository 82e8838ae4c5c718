/* inventory: see inventory.h. */
#include "drivers/redfish/inventory.h"

#include <string.h>
#include <strings.h>

#include "drivers/redfish/chassis.h"
#include "drivers/redfish/facts.h"
#include "drivers/redfish/network.h"
#include "drivers/redfish/storage.h"

#define GIB           (INT64_C(1) << 30)
#define DISK_GIB_MIN  4 /* smaller ones hold no system */
#define MEMORY_MB_MAX (INT64_C(1) << 40)

/* ---- processors ---- */

/* By InstructionSet, ProcessorArchitecture, or the beginning of the summary's model: the first that is told.
 */
static const struct {
	const char *member, *word, *arch;
} architectures[] = {
	{ "InstructionSet", "x86-64", "x86_64" },        { "InstructionSet", "x86", "i686" },
	{ "InstructionSet", "ARM-A64", "aarch64" },      { "InstructionSet", "ARM-A32", "armv7l" },
	{ "InstructionSet", "IA-64", "ia64" },           { "InstructionSet", "MIPS64", "mips64" },
	{ "InstructionSet", "PowerISA", "ppc64le" },     { "InstructionSet", "RV64", "riscv64" },
	{ "ProcessorArchitecture", "x86", "x86_64" },    { "ProcessorArchitecture", "ARM", "aarch64" },
	{ "ProcessorArchitecture", "IA-64", "ia64" },    { "ProcessorArchitecture", "MIPS", "mips64" },
	{ "ProcessorArchitecture", "Power", "ppc64le" }, { "ProcessorArchitecture", "RISC-V", "riscv64" },
};

static const char *arch_of(const json_t *processor, const json_t *summary)
{
	const char *model = redfish_text(summary, "Model");

	for (size_t i = 0; i < sizeof(architectures) / sizeof(architectures[0]); i++) {
		const char *word = redfish_text(processor, architectures[i].member);
		if (word && !strcasecmp(word, architectures[i].word))
			return architectures[i].arch;
	}
	/* OpenBMC tells it there alone */
	if (model && (!strncasecmp(model, "ARMv8", 5) || !strncasecmp(model, "ARMv9", 5)))
		return "aarch64";
	return NULL;
}

/* GPUs and FPGAs are processors, too, and may come first. Old BMCs tell no type. */
static bool is_cpu(const json_t *processor)
{
	const char *type = redfish_text(processor, "ProcessorType");

	return redfish_is_present(processor) && (!type || !strcmp(type, "CPU"));
}

static int64_t threads_of(const json_t *processor)
{
	int64_t threads = redfish_number(processor, "TotalThreads");

	if (threads < 1)
		threads = redfish_number(processor, "TotalCores");
	return threads > 0 && threads < 65536 ? threads : 1;
}

SUSPENDS static json_t *read_cpu(struct redfish_reader *reader, const json_t *system,
				 struct redfish_sizes *sizes)
{
	const json_t *list = redfish_members(
		reader, redfish_follow_expanded(reader, json_object_get(system, "Processors"), 1));
	const json_t *summary = json_object_get(system, "ProcessorSummary");
	const json_t *processor, *first = NULL;
	const char *model;
	size_t index;

	json_array_foreach((json_t *)list, index, processor)
	{
		if (!is_cpu(processor))
			continue;
		first = first ? first : processor;
		sizes->threads += threads_of(processor);
	}
	if (!first)
		sizes->threads = redfish_number(summary, "LogicalProcessorCount");
	sizes->cpu_arch = arch_of(first, summary);
	model = redfish_trimmed(reader, first, "Model");
	if (sizes->threads < 1 && !sizes->cpu_arch)
		return NULL;
	return json_pack("{s:I, s:s?, s:o, s:s?}", "count", (json_int_t)sizes->threads, "model_name",
			 model ? model : redfish_trimmed(reader, summary, "Model"), "frequency",
			 redfish_number(first, "MaxSpeedMHz") > 0
				 ? json_integer(redfish_number(first, "MaxSpeedMHz"))
				 : json_null(),
			 "architecture", sizes->cpu_arch);
}

/* ---- memory ---- */

/* The summary may be in fractions of a GiB. */
static int64_t memory_of_summary(const json_t *system)
{
	double gib = json_number_value(
		json_object_get(json_object_get(system, "MemorySummary"), "TotalSystemMemoryGiB"));

	return gib > 0 && gib * 1024 < (double)MEMORY_MB_MAX ? (int64_t)(gib * 1024) : 0;
}

SUSPENDS static int64_t memory_of_modules(struct redfish_reader *reader, const json_t *system)
{
	const json_t *list = redfish_members(
		reader, redfish_follow_expanded(reader, json_object_get(system, "Memory"), 1));
	const json_t *module;
	int64_t mib = 0;
	size_t index;

	json_array_foreach((json_t *)list, index, module)
	{
		int64_t capacity = redfish_number(module, "CapacityMiB");
		if (redfish_is_present(module) && capacity > 0 && capacity < MEMORY_MB_MAX)
			mib += capacity;
	}
	return mib < MEMORY_MB_MAX ? mib : 0;
}

/* ---- disks ---- */

/* The smallest of those that hold a system. */
static void note_size(struct redfish_sizes *sizes, int64_t bytes)
{
	int64_t gib = bytes / GIB;

	if (gib >= DISK_GIB_MIN && (!sizes->local_gb || gib - 1 < sizes->local_gb))
		sizes->local_gb = gib - 1;
}

static void add_disks(struct redfish_reader *reader, json_t *disks, const json_t *drives,
		      struct redfish_sizes *sizes)
{
	const json_t *drive;
	size_t index;

	json_array_foreach((json_t *)drives, index, drive)
	{
		int64_t bytes = redfish_number(drive, "CapacityBytes");
		if (!redfish_is_drive(drive))
			continue;
		json_array_append_new(disks,
				      json_pack("{s:s?, s:I, s:s?, s:s?, s:s?}", "name",
						redfish_trimmed(reader, drive, "Name"), "size",
						(json_int_t)(bytes > 0 ? bytes : 0), "model",
						redfish_trimmed(reader, drive, "Model"), "vendor",
						redfish_trimmed(reader, drive, "Manufacturer"), "serial",
						redfish_trimmed(reader, drive, "SerialNumber")));
		note_size(sizes, bytes);
	}
}

SUSPENDS static void note_volumes(struct redfish_reader *reader, const json_t *storage,
				  struct redfish_sizes *sizes)
{
	const json_t *list = redfish_members(
		reader, redfish_follow_expanded(reader, json_object_get(storage, "Volumes"), 1));
	const json_t *volume;
	size_t index;

	json_array_foreach((json_t *)list, index, volume)
		note_size(sizes, redfish_number(volume, "CapacityBytes"));
}

/* What is installed on is a volume where there are any, else a drive. */
SUSPENDS static json_t *read_disks(struct redfish_reader *reader, const json_t *system,
				   struct redfish_sizes *sizes)
{
	const json_t *list = redfish_storage_list(reader, system), *storage;
	struct redfish_sizes volumes = { 0 }, drives = { 0 };
	json_t *disks = json_array();
	size_t index;

	json_array_foreach((json_t *)list, index, storage)
	{
		add_disks(reader, disks, redfish_storage_drives(reader, storage), &drives);
		note_volumes(reader, storage, &volumes);
	}
	if (!json_array_size(disks)) {
		list = redfish_simple_storage_list(reader, system);
		json_array_foreach((json_t *)list, index, storage)
			add_disks(reader, disks, json_object_get(storage, "Devices"), &drives);
	}
	sizes->local_gb = volumes.local_gb ? volumes.local_gb : drives.local_gb;
	return disks;
}

/* ---- PCI ---- */

static void add_function(json_t *devices, const json_t *function)
{
	static const struct {
		const char *name, *member;
	} fields[] = { { "vendor_id", "VendorId" },
		       { "product_id", "DeviceId" },
		       { "class", "ClassCode" },
		       { "revision", "RevisionId" } };
	json_t *device = json_object();

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		const char *text = redfish_text(function, fields[i].member);
		if (text && !strncasecmp(text, "0x", 2))
			text += 2;
		json_object_set_new(device, fields[i].name, text && *text ? json_string(text) : json_null());
	}
	if (json_is_string(json_object_get(device, "vendor_id")))
		json_array_append(devices, device);
	json_decref(device);
}

SUSPENDS static json_t *read_pci(struct redfish_reader *reader, const json_t *system)
{
	const json_t *list = redfish_members(reader, json_object_get(system, "PCIeFunctions")), *function;
	json_t *devices = json_array();
	size_t index;

	json_array_foreach((json_t *)list, index, function) add_function(devices, function);
	return devices;
}

/* ---- the whole ---- */

/* Boards without names of their own stand in chassis that have them. */
SUSPENDS static json_t *read_vendor(struct redfish_reader *reader, const json_t *system)
{
	const json_t *named = system;

	if (!redfish_trimmed(reader, system, "Manufacturer") && !redfish_trimmed(reader, system, "Model"))
		named = json_array_get(redfish_chassis_of(reader, system, 0), 0);
	return json_pack("{s:s?, s:s?, s:s?, s:s?, s:s?}", "manufacturer",
			 redfish_trimmed(reader, named, "Manufacturer"), "product_name",
			 redfish_trimmed(reader, named, "Model"), "serial_number",
			 redfish_trimmed(reader, named, "SerialNumber"), "sku",
			 redfish_trimmed(reader, named, "SKU"), "system_uuid",
			 redfish_trimmed(reader, system, "UUID"));
}

json_t *redfish_inventory_read(struct redfish_reader *reader, const json_t *system,
			       struct redfish_sizes *ret_sizes)
{
	struct redfish_sizes sizes = { 0 };
	json_t *inventory = json_object();
	json_t *cpu = read_cpu(reader, system, &sizes);

	sizes.memory_mb = memory_of_summary(system);
	if (!sizes.memory_mb)
		sizes.memory_mb = memory_of_modules(reader, system);
	if (sizes.memory_mb)
		json_object_set_new(inventory, "memory",
				    json_pack("{s:I}", "physical_mb", (json_int_t)sizes.memory_mb));
	if (cpu)
		json_object_set_new(inventory, "cpu", cpu);
	json_object_set_new(inventory, "disks", read_disks(reader, system, &sizes));
	json_object_set_new(inventory, "interfaces", redfish_interfaces_read(reader, system));
	json_object_set_new(inventory, "pci_devices", read_pci(reader, system));
	json_object_set_new(inventory, "system_vendor", read_vendor(reader, system));
	json_object_set_new(inventory, "boot",
			    json_pack("{s:s?}", "current_boot_mode", redfish_boot_mode(system)));
	*ret_sizes = sizes;
	return inventory;
}

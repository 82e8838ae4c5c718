#pragma once
/* handlers: the functions that the route table names, by file. Each SUSPENDS; results as in request.h. */
#include "api/request.h"

#define HANDLER(name) SUSPENDS int name(struct api_request *request, struct error *err)

/* root.c */
HANDLER(root_show);
HANDLER(root_show_v1);
HANDLER(root_refuse_method);
HANDLER(root_health);
/* metrics.c */
HANDLER(metrics_show);
/* node_list.c */
HANDLER(node_list);
HANDLER(node_list_detail);
/* node_show.c */
HANDLER(node_show);
HANDLER(node_show_states);
HANDLER(node_missing_ident);
HANDLER(node_children);
/* node_create.c */
HANDLER(node_create);
/* node_patch.c, node_change.c */
HANDLER(node_patch);
HANDLER(node_delete);
HANDLER(node_maintenance_set);
HANDLER(node_maintenance_clear);
HANDLER(node_raid_set);
/* node_state.c */
HANDLER(node_power);
HANDLER(node_console_get);
HANDLER(node_console_set);
HANDLER(node_boot_mode_set);
HANDLER(node_secure_boot_set);
/* node_provision.c */
HANDLER(node_provision);
/* node_management.c */
HANDLER(node_boot_device_get);
HANDLER(node_boot_device_set);
HANDLER(node_boot_device_supported);
HANDLER(node_inject_nmi);
HANDLER(node_indicators);
HANDLER(node_indicator_get);
HANDLER(node_indicator_set);
HANDLER(node_validate);
HANDLER(node_validate_by_query);
/* vendor.c */
HANDLER(vendor_node_methods);
HANDLER(vendor_node_call);
HANDLER(vendor_driver_methods);
HANDLER(vendor_driver_call);
/* lock.c */
HANDLER(lock_show);
HANDLER(lock_delete);
/* observed.c */
HANDLER(observed_show);
/* node_trait.c */
HANDLER(node_traits_get);
HANDLER(node_traits_set);
HANDLER(node_traits_clear);
HANDLER(node_trait_add);
HANDLER(node_trait_remove);
/* node_vif.c */
HANDLER(node_vifs_get);
HANDLER(node_vif_attach);
HANDLER(node_vif_detach);
/* node_bios.c */
HANDLER(node_bios_list);
HANDLER(node_bios_show);
/* node_record.c */
HANDLER(node_history_list);
HANDLER(node_history_list_detail);
HANDLER(node_history_show);
HANDLER(node_firmware_list);
HANDLER(node_inventory_show);
/* node_vmedia.c */
HANDLER(node_vmedia_get);
HANDLER(node_vmedia_attach);
HANDLER(node_vmedia_detach);
/* driver.c */
HANDLER(driver_list);
HANDLER(driver_show);
HANDLER(driver_properties);
HANDLER(driver_properties_by_query);
HANDLER(driver_raid_properties);
/* conductor.c */
HANDLER(conductor_list);
HANDLER(conductor_show);
/* resource_route.c */
HANDLER(resource_route_list);
HANDLER(resource_route_list_detail);
HANDLER(resource_route_list_of_node);
HANDLER(resource_route_list_of_node_detail);
HANDLER(resource_route_list_of_portgroup);
HANDLER(resource_route_list_of_portgroup_detail);
HANDLER(resource_route_show);
HANDLER(resource_route_create);
HANDLER(resource_route_patch);
HANDLER(resource_route_delete);
HANDLER(resource_route_refuse);
HANDLER(resource_route_missing_ident);
/* allocation.c */
HANDLER(allocation_create);
HANDLER(allocation_remove);
HANDLER(allocation_show_of_node);
HANDLER(allocation_remove_of_node);
/* event.c */
HANDLER(event_create);
/* ramdisk.c */
HANDLER(ramdisk_lookup);
HANDLER(ramdisk_heartbeat);
HANDLER(ramdisk_continue_inspection);
/* inspection_rule.c */
HANDLER(inspection_rule_delete_all);
/* runbook.c */
HANDLER(runbook_traits_get);
HANDLER(runbook_traits_set);
HANDLER(runbook_traits_clear);
HANDLER(runbook_trait_add);
HANDLER(runbook_trait_remove);
/* volume.c */
HANDLER(volume_show);
HANDLER(volume_show_of_node);
/* node_list.c */
HANDLER(chassis_nodes);
/* shard.c */
HANDLER(shard_list);
/* changes.c */
HANDLER(changes_stream);
/* openapi.c */
HANDLER(openapi_show);
/* action.c */
HANDLER(action_list);
HANDLER(action_show);

#undef HANDLER

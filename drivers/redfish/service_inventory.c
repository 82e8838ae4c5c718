/* service_inventory: what is inside the simulated machine, as documents. The addresses of its network
 * interfaces are filled in for each BMC (service_document.c). Source: DSP2046, the schemas named in the
 * documents. */
#include <string.h>

#include "drivers/redfish/service_tree.h"

#define SYSTEM  "/redfish/v1/Systems/1"
#define CHASSIS "/redfish/v1/Chassis/1"
#define MANAGER "/redfish/v1/Managers/1"
#define UPDATE  "/redfish/v1/UpdateService"
#define REGISTRY "/redfish/v1/Registries/BiosAttributeRegistry.v1_0_0"

/* A JSON text written as such. */
#define JSON(...) #__VA_ARGS__

static const struct {
	const char *path, *text;
} documents[] = {
	/* clang-format off */
	/* ---- the accelerator stands first, as Dell lists them ---- */
	{ SYSTEM "/Processors", JSON({
		"@odata.type": "#ProcessorCollection.ProcessorCollection", "Name": "Processors",
		"Members@odata.count": 3, "Members": [
		{ "@odata.id": "/redfish/v1/Systems/1/Processors/GPU.1" },
		{ "@odata.id": "/redfish/v1/Systems/1/Processors/CPU.1" },
		{ "@odata.id": "/redfish/v1/Systems/1/Processors/CPU.2" } ] }) },
	{ SYSTEM "/Processors/GPU.1", JSON({
		"@odata.type": "#Processor.v1_18_0.Processor", "Id": "GPU.1", "Name": "Accelerator 1",
		"ProcessorType": "GPU", "Model": "Simulated accelerator", "Manufacturer": "Ferrule",
		"TotalCores": null, "TotalThreads": null,
		"Status": { "State": "Enabled", "Health": "OK" } }) },
	{ SYSTEM "/Processors/CPU.1", JSON({
		"@odata.type": "#Processor.v1_18_0.Processor", "Id": "CPU.1", "Name": "CPU 1",
		"Socket": "CPU.1", "ProcessorType": "CPU", "ProcessorArchitecture": "x86",
		"InstructionSet": "x86-64", "Manufacturer": "Ferrule", "Model": "Simulated processor",
		"MaxSpeedMHz": 3500, "TotalCores": 16, "TotalThreads": 32, "Status": { "State": "Enabled",
		"Health": "OK" } }) },
	{ SYSTEM "/Processors/CPU.2", JSON({
		"@odata.type": "#Processor.v1_18_0.Processor", "Id": "CPU.2", "Name": "CPU 2",
		"Socket": "CPU.2", "ProcessorType": "CPU", "ProcessorArchitecture": "x86",
		"InstructionSet": "x86-64", "Manufacturer": "Ferrule", "Model": "Simulated processor",
		"MaxSpeedMHz": 3500, "TotalCores": 16, "TotalThreads": 32, "Status": { "State": "Enabled",
		"Health": "OK" } }) },

	{ SYSTEM "/Memory", JSON({
		"@odata.type": "#MemoryCollection.MemoryCollection", "Name": "Memory",
		"Members@odata.count": 3, "Members": [ { "@odata.id": "/redfish/v1/Systems/1/Memory/A1" },
		{ "@odata.id": "/redfish/v1/Systems/1/Memory/A2" },
		{ "@odata.id": "/redfish/v1/Systems/1/Memory/B1" } ] }) },
	{ SYSTEM "/Memory/A1", JSON({
		"@odata.type": "#Memory.v1_17_1.Memory", "Id": "A1", "Name": "DIMM A1",
		"CapacityMiB": 32768, "MemoryDeviceType": "DDR5", "OperatingSpeedMhz": 4800,
		"Manufacturer": "Ferrule", "PartNumber": "FM-32", "SerialNumber": "FM1", "Status": {
		"State": "Enabled", "Health": "OK" } }) },
	{ SYSTEM "/Memory/A2", JSON({
		"@odata.type": "#Memory.v1_17_1.Memory", "Id": "A2", "Name": "DIMM A2",
		"CapacityMiB": 32768, "MemoryDeviceType": "DDR5", "OperatingSpeedMhz": 4800,
		"Manufacturer": "Ferrule", "PartNumber": "FM-32", "SerialNumber": "FM2", "Status": {
		"State": "Enabled", "Health": "OK" } }) },
	{ SYSTEM "/Memory/B1", JSON({
		"@odata.type": "#Memory.v1_17_1.Memory", "Id": "B1", "Name": "DIMM B1 (empty)",
		"CapacityMiB": null, "Status": { "State": "Absent" } }) },

	{ SYSTEM "/EthernetInterfaces", JSON({
		"@odata.type": "#EthernetInterfaceCollection.EthernetInterfaceCollection",
		"Name": "Network interfaces", "Members@odata.count": 3, "Members": [
		{ "@odata.id": "/redfish/v1/Systems/1/EthernetInterfaces/NIC.1" },
		{ "@odata.id": "/redfish/v1/Systems/1/EthernetInterfaces/NIC.2" },
		{ "@odata.id": "/redfish/v1/Systems/1/EthernetInterfaces/NIC.3" } ] }) },
	{ SYSTEM "/EthernetInterfaces/NIC.1", JSON({
		"@odata.type": "#EthernetInterface.v1_9_0.EthernetInterface", "Id": "NIC.1",
		"Name": "NIC 1", "MACAddress": "$MAC1", "PermanentMACAddress": "$MAC1", "SpeedMbps": 10000,
		"LinkStatus": "LinkUp", "InterfaceEnabled": true, "Status": { "State": "Enabled",
		"Health": "OK" } }) },
	{ SYSTEM "/EthernetInterfaces/NIC.2", JSON({
		"@odata.type": "#EthernetInterface.v1_9_0.EthernetInterface", "Id": "NIC.2",
		"Name": "NIC 2", "MACAddress": "$MAC2", "PermanentMACAddress": "$MAC2", "SpeedMbps": 10000,
		"LinkStatus": "LinkDown", "InterfaceEnabled": true, "Status": { "State": "Enabled",
		"Health": "OK" } }) },
	{ SYSTEM "/EthernetInterfaces/NIC.3", JSON({
		"@odata.type": "#EthernetInterface.v1_9_0.EthernetInterface", "Id": "NIC.3",
		"Name": "NIC 3, which does not know its address", "MACAddress": "",
		"PermanentMACAddress": "", "Status": { "State": "Enabled", "Health": "OK" } }) },

	/* ---- storage ---- */
	{ SYSTEM "/SimpleStorage", JSON({
		"@odata.type": "#SimpleStorageCollection.SimpleStorageCollection", "Name": "Simple storage",
		"Members@odata.count": 1, "Members": [
		{ "@odata.id": "/redfish/v1/Systems/1/SimpleStorage/AHCI.1" } ] }) },
	{ SYSTEM "/SimpleStorage/AHCI.1", JSON({
		"@odata.type": "#SimpleStorage.v1_3_1.SimpleStorage", "Id": "AHCI.1",
		"Name": "AHCI controller", "Devices": [ { "Name": "Disk 0", "Manufacturer": "Ferrule",
		"Model": "FD-240", "CapacityBytes": 240057409536, "Status": { "State": "Enabled",
		"Health": "OK" } }, { "Name": "Bay 1", "Status": { "State": "Absent" } } ], "Status": {
		"State": "Enabled", "Health": "OK" } }) },
	{ SYSTEM "/Storage", JSON({
		"@odata.type": "#StorageCollection.StorageCollection", "Name": "Storage",
		"Members@odata.count": 1, "Members": [
		{ "@odata.id": "/redfish/v1/Systems/1/Storage/RAID.1" } ] }) },
	{ SYSTEM "/Storage/RAID.1", JSON({
		"@odata.type": "#Storage.v1_15_0.Storage", "Id": "RAID.1", "Name": "RAID controller",
		"StorageControllers": [ { "MemberId": "0",
		"@odata.id": "/redfish/v1/Systems/1/Storage/RAID.1#/StorageControllers/0",
		"Name": "Controller 0", "Manufacturer": "Ferrule", "Model": "FR-1", "SpeedGbps": 12,
		"FirmwareVersion": "25.5", "SupportedControllerProtocols": [ "PCIe" ],
		"SupportedDeviceProtocols": [ "SAS", "SATA" ], "Status": { "State": "Enabled",
		"Health": "OK" } } ], "Drives@odata.count": 2, "Drives": [
		{ "@odata.id": "/redfish/v1/Systems/1/Storage/RAID.1/Drives/Disk.1" },
		{ "@odata.id": "/redfish/v1/Systems/1/Storage/RAID.1/Drives/Disk.2" } ], "Volumes": {
		"@odata.id": "/redfish/v1/Systems/1/Storage/RAID.1/Volumes" }, "Status": {
		"State": "Enabled", "Health": "OK", "HealthRollup": "OK" } }) },
	{ SYSTEM "/Storage/RAID.1/Drives/Disk.1", JSON({
		"@odata.type": "#Drive.v1_17_0.Drive", "Id": "Disk.1", "Name": "Disk 1",
		"Manufacturer": "Ferrule", "Model": "FD-960", "SerialNumber": "FD1", "MediaType": "SSD",
		"Protocol": "SAS", "CapacityBytes": 960197124096, "IndicatorLED": "Off",
		"LocationIndicatorActive": false, "Status": { "State": "Enabled", "Health": "OK" } }) },
	{ SYSTEM "/Storage/RAID.1/Drives/Disk.2", JSON({
		"@odata.type": "#Drive.v1_17_0.Drive", "Id": "Disk.2", "Name": "Disk 2",
		"Manufacturer": "Ferrule", "Model": "FD-480", "SerialNumber": "FD2", "MediaType": "SSD",
		"Protocol": "SAS", "CapacityBytes": 480103981056, "IndicatorLED": "Off",
		"LocationIndicatorActive": false, "Status": { "Health": "OK" } }) },
	{ SYSTEM "/Storage/RAID.1/Volumes", JSON({
		"@odata.type": "#VolumeCollection.VolumeCollection", "Name": "Volumes",
		"Members@odata.count": 1, "Members": [
		{ "@odata.id": "/redfish/v1/Systems/1/Storage/RAID.1/Volumes/1" } ] }) },
	{ SYSTEM "/Storage/RAID.1/Volumes/1", JSON({
		"@odata.type": "#Volume.v1_9_0.Volume", "Id": "1", "Name": "Volume 1", "RAIDType": "RAID0",
		"CapacityBytes": 960197124096, "Links": { "Drives": [
		{ "@odata.id": "/redfish/v1/Systems/1/Storage/RAID.1/Drives/Disk.1" } ] }, "Status": {
		"State": "Enabled", "Health": "OK" } }) },

	/* ---- settings of the firmware ---- */
	{ SYSTEM "/Bios", JSON({
		"@odata.type": "#Bios.v1_2_1.Bios", "Id": "Bios", "Name": "BIOS",
		"AttributeRegistry": "BiosAttributeRegistry.v1_0_0", "Attributes": { "BootMode": "Uefi",
		"ProcVirtualization": "Enabled", "NumLock": "On", "SetupDelay": 5, "QuietBoot": true,
		"AssetNote": "", "FirmwareBuild": "1.0.0-7" }, "ResetBiosToDefaultsPending": false,
		"@Redfish.Settings": {
		"@odata.type": "#Settings.v1_3_5.Settings", "SettingsObject": {
		"@odata.id": "/redfish/v1/Systems/1/Bios/Settings" }, "SupportedApplyTimes": [
		"OnReset" ] }, "Actions": { "#Bios.ResetBios": {
		"target": "/redfish/v1/Systems/1/Bios/Actions/Bios.ResetBios" } } }) },
	{ SYSTEM "/Bios/Settings", JSON({
		"@odata.type": "#Bios.v1_2_1.Bios", "Id": "Settings",
		"Name": "BIOS settings of the next start",
		"AttributeRegistry": "BiosAttributeRegistry.v1_0_0", "Attributes": {} }) },
	{ REGISTRY, JSON({
		"@odata.type": "#MessageRegistryFile.v1_1_3.MessageRegistryFile",
		"Id": "BiosAttributeRegistry.v1_0_0", "Name": "Registry of the BIOS attributes",
		"Languages": [ "de", "en" ], "Registry": "BiosAttributeRegistry.v1_0_0", "Location": [
		{ "Language": "de", "Uri": "/redfish/v1/Registries/BiosAttributeRegistry.v1_0_0/de.json" },
		{ "Language": "en", "Uri": "/redfish/v1/Registries/BiosAttributeRegistry.v1_0_0/en.json" } ]
		}) },
	{ REGISTRY "/en.json", JSON({
		"@odata.type": "#AttributeRegistry.v1_3_7.AttributeRegistry",
		"Id": "BiosAttributeRegistry.v1_0_0", "Name": "BIOS attributes", "Language": "en",
		"OwningEntity": "Ferrule", "RegistryVersion": "1.0.0", "RegistryEntries": { "Attributes": [
		{ "AttributeName": "BootMode", "Type": "Enumeration", "DisplayName": "Boot mode",
		"DefaultValue": "Uefi", "ReadOnly": false, "ResetRequired": true, "Value": [
		{ "ValueName": "Uefi", "ValueDisplayName": "UEFI" },
		{ "ValueName": "Bios", "ValueDisplayName": "Legacy BIOS" } ] },
		{ "AttributeName": "ProcVirtualization", "Type": "Enumeration",
		"DisplayName": "Virtualization", "DefaultValue": "Enabled", "ReadOnly": false,
		"ResetRequired": true, "Value": [ { "ValueName": "Enabled" }, { "ValueName": "Disabled" } ] },
		{ "AttributeName": "NumLock", "Type": "Enumeration", "DisplayName": "Keyboard NumLock",
		"DefaultValue": "On", "ReadOnly": false, "ResetRequired": true, "Value": [
		{ "ValueName": "On" }, { "ValueName": "Off" } ] },
		{ "AttributeName": "SetupDelay", "Type": "Integer", "DisplayName": "Seconds before the start",
		"DefaultValue": 5, "LowerBound": 0, "UpperBound": 60, "ScalarIncrement": 1,
		"ReadOnly": false, "ResetRequired": true },
		{ "AttributeName": "QuietBoot", "Type": "Boolean", "DisplayName": "Quiet boot",
		"DefaultValue": true, "ReadOnly": false, "ResetRequired": true },
		{ "AttributeName": "AssetNote", "Type": "String", "DisplayName": "Note",
		"DefaultValue": "", "MinLength": 0, "MaxLength": 16, "ReadOnly": false,
		"ResetRequired": true, "IsSystemUniqueProperty": true },
		{ "AttributeName": "FirmwareBuild", "Type": "String", "DisplayName": "Build",
		"ReadOnly": true } ] } }) },
	{ SYSTEM "/SecureBoot", JSON({
		"@odata.type": "#SecureBoot.v1_1_0.SecureBoot", "Id": "SecureBoot", "Name": "Secure boot",
		"SecureBootEnable": false, "SecureBootCurrentBoot": "Disabled",
		"SecureBootMode": "UserMode", "Actions": { "#SecureBoot.ResetKeys": {
		"target": "/redfish/v1/Systems/1/SecureBoot/Actions/SecureBoot.ResetKeys",
		"ResetKeysType@Redfish.AllowableValues": [ "ResetAllKeysToDefault", "DeleteAllKeys",
		"DeletePK" ] } } }) },

	/* ---- sensors, the old way and the new way ---- */
	{ CHASSIS "/Thermal", JSON({
		"@odata.type": "#Thermal.v1_7_1.Thermal", "Id": "Thermal", "Name": "Thermal", "Fans": [
		{ "@odata.id": "/redfish/v1/Chassis/1/Thermal#/Fans/0", "MemberId": "0", "Name": "Fan 1",
		"PhysicalContext": "SystemBoard", "Reading": 5400, "ReadingUnits": "RPM",
		"LowerThresholdCritical": 600, "Status": { "State": "Enabled", "Health": "OK" } },
		{ "@odata.id": "/redfish/v1/Chassis/1/Thermal#/Fans/1", "MemberId": "1", "Name": "Fan 2",
		"Status": { "State": "Absent" } } ], "Temperatures": [
		{ "@odata.id": "/redfish/v1/Chassis/1/Thermal#/Temperatures/0", "MemberId": "0",
		"Name": "Inlet", "SensorNumber": 4, "PhysicalContext": "Intake", "ReadingCelsius": 23,
		"UpperThresholdCritical": 42, "Status": { "State": "Enabled", "Health": "OK" } },
		{ "@odata.id": "/redfish/v1/Chassis/1/Thermal#/Temperatures/1", "MemberId": "1",
		"Name": "CPU 1", "SensorNumber": 5, "PhysicalContext": "CPU", "ReadingCelsius": 47.5,
		"UpperThresholdCritical": 95, "Status": { "State": "Enabled", "Health": "Warning" } } ] }) },
	{ CHASSIS "/Power", JSON({
		"@odata.type": "#Power.v1_7_1.Power", "Id": "Power", "Name": "Power", "PowerControl": [
		{ "@odata.id": "/redfish/v1/Chassis/1/Power#/PowerControl/0", "MemberId": "0",
		"Name": "System power", "PowerConsumedWatts": 312, "PowerCapacityWatts": 1600,
		"PowerLimit": { "LimitInWatts": null, "LimitException": "NoAction" } } ], "PowerSupplies": [
		{ "@odata.id": "/redfish/v1/Chassis/1/Power#/PowerSupplies/0", "MemberId": "0",
		"Name": "PSU 1", "LineInputVoltage": 230, "PowerCapacityWatts": 800,
		"LastPowerOutputWatts": 156, "Manufacturer": "Ferrule", "Model": "FP-800",
		"SerialNumber": "FP1", "Status": { "State": "Enabled", "Health": "OK" } },
		{ "@odata.id": "/redfish/v1/Chassis/1/Power#/PowerSupplies/1", "MemberId": "1",
		"Name": "PSU 2", "LineInputVoltage": 230, "PowerCapacityWatts": 800,
		"LastPowerOutputWatts": 156, "Manufacturer": "Ferrule", "Model": "FP-800",
		"SerialNumber": "FP2", "Status": { "State": "Enabled", "Health": "OK" } } ] }) },
	{ CHASSIS "/ThermalSubsystem", JSON({
		"@odata.type": "#ThermalSubsystem.v1_2_0.ThermalSubsystem", "Id": "ThermalSubsystem",
		"Name": "Thermal subsystem", "Fans": {
		"@odata.id": "/redfish/v1/Chassis/1/ThermalSubsystem/Fans" }, "ThermalMetrics": {
		"@odata.id": "/redfish/v1/Chassis/1/ThermalSubsystem/ThermalMetrics" }, "Status": {
		"State": "Enabled", "Health": "OK" } }) },
	{ CHASSIS "/ThermalSubsystem/Fans", JSON({
		"@odata.type": "#FanCollection.FanCollection", "Name": "Fans", "Members@odata.count": 1,
		"Members": [ { "@odata.id": "/redfish/v1/Chassis/1/ThermalSubsystem/Fans/1" } ] }) },
	{ CHASSIS "/ThermalSubsystem/Fans/1", JSON({
		"@odata.type": "#Fan.v1_5_0.Fan", "Id": "1", "Name": "Fan 1",
		"PhysicalContext": "SystemBoard", "SpeedPercent": {
		"DataSourceUri": "/redfish/v1/Chassis/1/Sensors/Fan1", "Reading": 45, "SpeedRPM": 5400 },
		"Status": { "State": "Enabled", "Health": "OK" } }) },
	{ CHASSIS "/ThermalSubsystem/ThermalMetrics", JSON({
		"@odata.type": "#ThermalMetrics.v1_3_0.ThermalMetrics", "Id": "ThermalMetrics",
		"Name": "Thermal metrics", "TemperatureReadingsCelsius": [
		{ "DataSourceUri": "/redfish/v1/Chassis/1/Sensors/Inlet", "DeviceName": "Inlet",
		"PhysicalContext": "Intake", "Reading": 23 },
		{ "DataSourceUri": "/redfish/v1/Chassis/1/Sensors/CPU1", "DeviceName": "CPU 1",
		"PhysicalContext": "CPU", "Reading": 47.5 } ] }) },
	{ CHASSIS "/PowerSubsystem", JSON({
		"@odata.type": "#PowerSubsystem.v1_1_0.PowerSubsystem", "Id": "PowerSubsystem",
		"Name": "Power subsystem", "CapacityWatts": 1600, "PowerSupplies": {
		"@odata.id": "/redfish/v1/Chassis/1/PowerSubsystem/PowerSupplies" }, "Status": {
		"State": "Enabled", "Health": "OK" } }) },
	{ CHASSIS "/PowerSubsystem/PowerSupplies", JSON({
		"@odata.type": "#PowerSupplyCollection.PowerSupplyCollection", "Name": "Power supplies",
		"Members@odata.count": 1, "Members": [
		{ "@odata.id": "/redfish/v1/Chassis/1/PowerSubsystem/PowerSupplies/1" } ] }) },
	{ CHASSIS "/PowerSubsystem/PowerSupplies/1", JSON({
		"@odata.type": "#PowerSupply.v1_5_0.PowerSupply", "Id": "1", "Name": "PSU 1",
		"Manufacturer": "Ferrule", "Model": "FP-800", "SerialNumber": "FP1",
		"PowerCapacityWatts": 800, "InputNominalVoltageType": "AC240V", "Metrics": {
		"@odata.id": "/redfish/v1/Chassis/1/PowerSubsystem/PowerSupplies/1/Metrics" }, "Status": {
		"State": "Enabled", "Health": "OK" } }) },
	{ CHASSIS "/PowerSubsystem/PowerSupplies/1/Metrics", JSON({
		"@odata.type": "#PowerSupplyMetrics.v1_1_0.PowerSupplyMetrics", "Id": "Metrics",
		"Name": "Metrics of PSU 1", "InputVoltage": {
		"DataSourceUri": "/redfish/v1/Chassis/1/Sensors/PSU1In", "Reading": 230 },
		"OutputPowerWatts": { "DataSourceUri": "/redfish/v1/Chassis/1/Sensors/PSU1Out",
		"Reading": 156 }, "Status": { "State": "Enabled", "Health": "OK" } }) },
	{ CHASSIS "/Sensors", JSON({
		"@odata.type": "#SensorCollection.SensorCollection", "Name": "Sensors",
		"Members@odata.count": 5, "Members": [
		{ "@odata.id": "/redfish/v1/Chassis/1/Sensors/Inlet" },
		{ "@odata.id": "/redfish/v1/Chassis/1/Sensors/CPU1" },
		{ "@odata.id": "/redfish/v1/Chassis/1/Sensors/Fan1" },
		{ "@odata.id": "/redfish/v1/Chassis/1/Sensors/PSU1In" },
		{ "@odata.id": "/redfish/v1/Chassis/1/Sensors/PSU1Out" } ] }) },
	{ CHASSIS "/Sensors/Inlet", JSON({
		"@odata.type": "#Sensor.v1_7_0.Sensor", "Id": "Inlet", "Name": "Inlet",
		"ReadingType": "Temperature", "ReadingUnits": "Cel", "PhysicalContext": "Intake",
		"Reading": 23, "Thresholds": { "UpperCritical": { "Reading": 42 } }, "Status": {
		"State": "Enabled", "Health": "OK" } }) },
	{ CHASSIS "/Sensors/CPU1", JSON({
		"@odata.type": "#Sensor.v1_7_0.Sensor", "Id": "CPU1", "Name": "CPU 1",
		"ReadingType": "Temperature", "ReadingUnits": "Cel", "PhysicalContext": "CPU",
		"Reading": 47.5, "Thresholds": { "UpperCritical": { "Reading": 95 } }, "Status": {
		"State": "Enabled", "Health": "Warning" } }) },
	{ CHASSIS "/Sensors/Fan1", JSON({
		"@odata.type": "#Sensor.v1_7_0.Sensor", "Id": "Fan1", "Name": "Fan 1",
		"ReadingType": "Rotational", "ReadingUnits": "RPM", "PhysicalContext": "SystemBoard",
		"Reading": 5400, "Status": { "State": "Enabled", "Health": "OK" } }) },
	{ CHASSIS "/Sensors/PSU1In", JSON({
		"@odata.type": "#Sensor.v1_7_0.Sensor", "Id": "PSU1In", "Name": "Input of PSU 1",
		"ReadingType": "Voltage", "ReadingUnits": "V", "PhysicalContext": "PowerSupply",
		"Reading": 230, "Status": { "State": "Enabled", "Health": "OK" } }) },
	{ CHASSIS "/Sensors/PSU1Out", JSON({
		"@odata.type": "#Sensor.v1_7_0.Sensor", "Id": "PSU1Out", "Name": "Output of PSU 1",
		"ReadingType": "Power", "ReadingUnits": "W", "PhysicalContext": "PowerSupply",
		"Reading": 156, "Status": { "State": "Enabled", "Health": "OK" } }) },

	/* ---- the network's cards, with what the switch says ---- */
	{ CHASSIS "/NetworkAdapters", JSON({
		"@odata.type": "#NetworkAdapterCollection.NetworkAdapterCollection",
		"Name": "Network adapters", "Members@odata.count": 1, "Members": [
		{ "@odata.id": "/redfish/v1/Chassis/1/NetworkAdapters/NIC" } ] }) },
	{ CHASSIS "/NetworkAdapters/NIC", JSON({
		"@odata.type": "#NetworkAdapter.v1_9_0.NetworkAdapter", "Id": "NIC",
		"Name": "Network adapter", "Manufacturer": "Ferrule", "Model": "FN-2", "SerialNumber": "FN1",
		"Controllers": [
		{ "FirmwarePackageVersion": "22.31.6", "ControllerCapabilities": {
		"NetworkPortCount": 2 } } ], "Ports": {
		"@odata.id": "/redfish/v1/Chassis/1/NetworkAdapters/NIC/Ports" }, "Status": {
		"State": "Enabled", "Health": "OK" } }) },
	{ CHASSIS "/NetworkAdapters/NIC/Ports", JSON({
		"@odata.type": "#PortCollection.PortCollection", "Name": "Ports", "Members@odata.count": 2,
		"Members": [ { "@odata.id": "/redfish/v1/Chassis/1/NetworkAdapters/NIC/Ports/1" },
		{ "@odata.id": "/redfish/v1/Chassis/1/NetworkAdapters/NIC/Ports/2" } ] }) },
	{ CHASSIS "/NetworkAdapters/NIC/Ports/1", JSON({
		"@odata.type": "#Port.v1_9_0.Port", "Id": "1", "Name": "Port 1", "LinkStatus": "LinkUp",
		"CurrentSpeedGbps": 10, "Ethernet": { "AssociatedMACAddresses": [ "$MAC1" ],
		"LLDPReceive": { "ChassisId": "00:53:00:aa:00:01", "ChassisIdSubtype": "MacAddr",
		"PortId": "Ethernet1/7", "PortIdSubtype": "IfName", "SystemName": "leaf-1",
		"ManagementVlanId": 4095 } }, "Status": { "State": "Enabled", "Health": "OK" } }) },
	{ CHASSIS "/NetworkAdapters/NIC/Ports/2", JSON({
		"@odata.type": "#Port.v1_9_0.Port", "Id": "2", "Name": "Port 2", "LinkStatus": "LinkDown",
		"CurrentSpeedGbps": null, "Ethernet": { "AssociatedMACAddresses": [ "$MAC2" ] }, "Status": {
		"State": "Enabled", "Health": "OK" } }) },

	/* ---- cards ---- */
	{ CHASSIS "/PCIeDevices", JSON({
		"@odata.type": "#PCIeDeviceCollection.PCIeDeviceCollection", "Name": "PCIe devices",
		"Members@odata.count": 1, "Members": [
		{ "@odata.id": "/redfish/v1/Chassis/1/PCIeDevices/GPU.1" } ] }) },
	{ CHASSIS "/PCIeDevices/GPU.1", JSON({
		"@odata.type": "#PCIeDevice.v1_11_1.PCIeDevice", "Id": "GPU.1", "Name": "Accelerator 1",
		"Manufacturer": "Ferrule", "DeviceType": "SingleFunction", "PCIeFunctions": {
		"@odata.id": "/redfish/v1/Chassis/1/PCIeDevices/GPU.1/PCIeFunctions" }, "Status": {
		"State": "Enabled", "Health": "OK" } }) },
	{ CHASSIS "/PCIeDevices/GPU.1/PCIeFunctions", JSON({
		"@odata.type": "#PCIeFunctionCollection.PCIeFunctionCollection", "Name": "Functions",
		"Members@odata.count": 1, "Members": [
		{ "@odata.id": "/redfish/v1/Chassis/1/PCIeDevices/GPU.1/PCIeFunctions/0" } ] }) },
	{ CHASSIS "/PCIeDevices/GPU.1/PCIeFunctions/0", JSON({
		"@odata.type": "#PCIeFunction.v1_5_0.PCIeFunction", "Id": "0", "Name": "Function 0",
		"FunctionId": 0, "FunctionType": "Physical", "DeviceClass": "DisplayController",
		"DeviceId": "0x2330", "VendorId": "0x10de", "SubsystemId": "0x16c1",
		"SubsystemVendorId": "0x10de", "ClassCode": "0x030200", "RevisionId": "0xa1", "Status": {
		"State": "Enabled", "Health": "OK" } }) },

	/* ---- the BMC's own network ---- */
	{ MANAGER "/NetworkProtocol", JSON({
		"@odata.type": "#ManagerNetworkProtocol.v1_9_1.ManagerNetworkProtocol",
		"Id": "NetworkProtocol", "Name": "Network protocols", "HostName": "bmc",
		"FQDN": "bmc.example", "HTTP": { "ProtocolEnabled": true, "Port": 80 }, "HTTPS": {
		"ProtocolEnabled": true, "Port": 443 }, "IPMI": { "ProtocolEnabled": true, "Port": 623 },
		"NTP": { "ProtocolEnabled": false, "NTPServers": [] }, "Status": { "State": "Enabled",
		"Health": "OK" } }) },
	{ MANAGER "/EthernetInterfaces", JSON({
		"@odata.type": "#EthernetInterfaceCollection.EthernetInterfaceCollection",
		"Name": "Network interfaces of the BMC", "Members@odata.count": 1, "Members": [
		{ "@odata.id": "/redfish/v1/Managers/1/EthernetInterfaces/1" } ] }) },
	{ MANAGER "/EthernetInterfaces/1", JSON({
		"@odata.type": "#EthernetInterface.v1_9_0.EthernetInterface", "Id": "1", "Name": "BMC",
		"MACAddress": "$MAC0", "PermanentMACAddress": "$MAC0", "SpeedMbps": 1000,
		"LinkStatus": "LinkUp", "HostName": "bmc", "FQDN": "bmc.example", "InterfaceEnabled": true,
		"NameServers": [], "IPv4Addresses": [ { "Address": "192.0.2.10",
		"SubnetMask": "255.255.255.0", "Gateway": "192.0.2.1", "AddressOrigin": "Static" } ],
		"Status": { "State": "Enabled", "Health": "OK" } }) },

	/* ---- firmware ---- */
	{ UPDATE, JSON({
		"@odata.type": "#UpdateService.v1_11_2.UpdateService", "Id": "UpdateService",
		"Name": "Update service", "ServiceEnabled": true, "FirmwareInventory": {
		"@odata.id": "/redfish/v1/UpdateService/FirmwareInventory" }, "Actions": {
		"#UpdateService.SimpleUpdate": {
		"target": "/redfish/v1/UpdateService/Actions/UpdateService.SimpleUpdate",
		"TransferProtocol@Redfish.AllowableValues": [ "HTTP", "HTTPS" ] } }, "Status": {
		"State": "Enabled", "Health": "OK" } }) },
	{ UPDATE "/FirmwareInventory", JSON({
		"@odata.type": "#SoftwareInventoryCollection.SoftwareInventoryCollection",
		"Name": "Firmware inventory", "Members@odata.count": 3, "Members": [
		{ "@odata.id": "/redfish/v1/UpdateService/FirmwareInventory/BIOS" },
		{ "@odata.id": "/redfish/v1/UpdateService/FirmwareInventory/BMC" },
		{ "@odata.id": "/redfish/v1/UpdateService/FirmwareInventory/NIC" } ] }) },
	{ UPDATE "/FirmwareInventory/BIOS", JSON({
		"@odata.type": "#SoftwareInventory.v1_9_0.SoftwareInventory", "Id": "BIOS", "Name": "BIOS",
		"Version": "1.0.0", "Updateable": true, "Status": { "State": "Enabled", "Health": "OK" } }) },
	{ UPDATE "/FirmwareInventory/BMC", JSON({
		"@odata.type": "#SoftwareInventory.v1_9_0.SoftwareInventory", "Id": "BMC", "Name": "BMC",
		"Version": "1.0.0", "Updateable": true, "Status": { "State": "Enabled", "Health": "OK" } }) },
	{ UPDATE "/FirmwareInventory/NIC", JSON({
		"@odata.type": "#SoftwareInventory.v1_9_0.SoftwareInventory", "Id": "NIC",
		"Name": "Network adapter", "Version": "22.31.6", "Updateable": true, "Status": {
		"State": "Enabled", "Health": "OK" } }) },
	/* clang-format on */
};

const struct service_tree *service_inventory(void)
{
	static struct service_tree *tree;

	if (!tree) {
		tree = service_tree_new();
		for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++)
			service_tree_put(tree, documents[i].path, documents[i].text,
					 strlen(documents[i].text));
	}
	return tree;
}

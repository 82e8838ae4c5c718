-- wrk's requests for one figure: wrk -s load.lua URL -- KIND FILE VERSION
-- Each thread draws lines of the file (nodes, mostly) at random; the last line of output is one JSON object.
local kinds = {
	show = function(uuid) return "GET", "/v1/nodes/" .. uuid end,
	list = function() return "GET", "/v1/nodes?limit=1000" end,
	page = function(uuid) return "GET", "/v1/nodes?limit=1000&marker=" .. uuid end,
	page_detail = function(uuid) return "GET", "/v1/nodes/detail?limit=1000&marker=" .. uuid end,
	create = function() return "POST", "/v1/nodes", '{"driver": "fake-hardware", "properties": {"cpus": 32}}' end,
	patch = function(uuid, draw)
		return "PATCH", "/v1/nodes/" .. uuid, '[{"op": "add", "path": "/extra/draw", "value": ' .. draw .. '}]'
	end,
	power = function(uuid, draw)
		return "PUT", "/v1/nodes/" .. uuid .. "/states/power",
			draw % 2 == 0 and '{"target": "power on"}' or '{"target": "power off"}'
	end,
	passthru_exclusive = function(uuid)
		return "POST", "/v1/nodes/" .. uuid .. "/vendor_passthru?method=third_method_sync", '{"bar": "meow"}'
	end,
	passthru_shared = function(uuid)
		return "POST", "/v1/nodes/" .. uuid .. "/vendor_passthru?method=fourth_method_shared_lock", '{"bar": "woof"}'
	end,
}

kinds.validate = function(uuid) return "GET", "/v1/nodes/" .. uuid .. "/validate" end
kinds.driver_passthru = function(address)
	return "GET", "/v1/drivers/redfish/vendor_passthru/get_service_root?redfish_address=" .. address
end

local threads = 0
function setup(thread)
	threads = threads + 1
	thread:set("seed", threads)
end

local uuids, kind = {}, nil
local headers = { ["Content-Type"] = "application/json" }

function init(args)
	kind = kinds[args[1]]
	headers["X-OpenStack-Ironic-API-Version"] = args[3]
	for line in io.lines(args[2]) do
		uuids[#uuids + 1] = line
	end
	math.randomseed(seed * 7919)
end

function request()
	local draw = math.random(1, 1000000)
	local method, path, body = kind(uuids[draw % #uuids + 1], draw)
	return wrk.format(method, path, headers, body)
end

function done(summary, latency)
	local errors = summary.errors
	io.write(string.format(
		'{"requests": %d, "seconds": %.6f, "p50_ms": %.4f, "p99_ms": %.4f, "bad_status": %d, "broken": %d}\n',
		summary.requests, summary.duration / 1e6, latency:percentile(50) / 1000, latency:percentile(99) / 1000,
		errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end

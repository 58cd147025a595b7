-- wrk's script: an MCP client's POST, with each token of a file in turn; the figures as JSON.
-- A second argument makes each connection wait so many milliseconds before a request; a third is
-- the session that all requests belong to.
local requests = {}
local at = 0

function init(args)
  local body = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":'
    .. '{"name":"get_weather","arguments":{"city":"Berlin"}}}'
  for token in io.lines(args[1]) do
    requests[#requests + 1] = wrk.format("POST", nil, {
      ["Content-Type"] = "application/json",
      ["Accept"] = "application/json, text/event-stream",
      ["User-Agent"] = "mcp-client/1.0",
      ["Authorization"] = "Bearer " .. token,
      ["MCP-Protocol-Version"] = "2025-11-25",
      ["Mcp-Session-Id"] = args[3],
    }, body)
  end
  local pause_ms = tonumber(args[2] or 0)
  if pause_ms > 0 then
    delay = function() return pause_ms end
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function done(summary, latency)
  local errors = summary.errors
  io.stderr:write(string.format(
    '{"requests":%d,"duration_us":%d,"p50_us":%d,"p99_us":%d,"failed":%d,"broken":%d}',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end

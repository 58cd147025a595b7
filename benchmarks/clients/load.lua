-- wrk's script: an MCP client's POST, with each token of a file in turn; the figures as JSON.
-- Arguments: the file, or nothing for requests without a token; milliseconds that each connection
-- waits before a request; the session that all belong to, or nothing; the tool; and "differ" when
-- every head has a request id and a trace of its own.
local requests = {}
local at = 0
local differ = false

local function build(token, session, tool)
  local headers = {
    ["Content-Type"] = "application/json",
    ["Accept"] = "application/json, text/event-stream",
    ["User-Agent"] = "mcp-client/1.0",
    ["MCP-Protocol-Version"] = "2025-11-25",
  }
  if token then headers["Authorization"] = "Bearer " .. token end
  if session ~= "" then headers["Mcp-Session-Id"] = session end
  if differ then
    headers["X-Request-Id"] = "@8@-@4@-4@3@-a@3@-@8@@4@"
    headers["traceparent"] = "00-@8@@8@@8@@8@-@8@@8@-01"
  end
  local body = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":'
    .. '{"name":"' .. tool .. '","arguments":{"city":"Berlin"}}}'
  return wrk.format("POST", nil, headers, body)
end

local function digits(count)
  return string.format("%0" .. count .. "x", math.random(0, 16 ^ count - 1))
end

function init(args)
  differ = args[5] == "differ"
  if args[1] == "" then
    requests[1] = build(nil, args[3], args[4])
  else
    for token in io.lines(args[1]) do
      requests[#requests + 1] = build(token, args[3], args[4])
    end
  end
  math.randomseed(os.time())
  local pause_ms = tonumber(args[2])
  if pause_ms > 0 then
    delay = function() return pause_ms end
  end
end

function request()
  at = at % #requests + 1
  if not differ then return requests[at] end
  return (string.gsub(requests[at], "@(%d)@", digits))
end

function done(summary, latency)
  local errors = summary.errors
  local shares = {}
  for share = 0, 99 do shares[#shares + 1] = share end
  for tenth = 1, 9 do shares[#shares + 1] = 99 + tenth / 10 end
  for i, share in ipairs(shares) do
    shares[i] = string.format("[%.1f,%d]", share, latency:percentile(share))
  end
  io.stderr:write(string.format(
    '{"requests":%d,"duration_us":%d,"p50_us":%d,"p99_us":%d,"failed":%d,"broken":%d,'
      .. '"latency_us":[%s]}',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.status, errors.connect + errors.read + errors.write + errors.timeout,
    table.concat(shares, ",")))
end

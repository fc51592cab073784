/**
 * What replicas agree on, as scripts that Redis runs one at a time. A script reaches the keys that it is given and no others.
 * `now` is Redis' own clock, unless a caller gives one: clocks of replicas differ.
 */

const NOW = `
local function clock(given)
  if given ~= '' then return tonumber(given) end
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end
local function number(text)
  local value = tonumber(text or '') or 0
  -- Neither "nan" nor "inf" is one that was written here.
  if value > -1e15 and value < 1e15 then return value end
  return 0
end
local function holds(key, owner, token, now)
  local lease = redis.call('HMGET', key, 'owner', 'token', 'till')
  return lease[1] == owner and lease[2] == token and number(lease[3]) > now
end
`;

/**
 * What others have left under a name of this program's is in the way: a key that is no hash is removed, as `SET` would do it, and
 * a hold that makes no sense is none.
 */
const FOREIGN = `
local function hash(key)
  local found = redis.pcall('HGET', key, '')
  if type(found) == 'table' and found.err then redis.call('PEXPIRE', key, 0) end
end
local function holdOf(text)
  local read, hold = pcall(cjson.decode, text or '')
  local sound = read and type(hold) == 'table'
  for _, field in ipairs({ 'pages', 'paid', 'at' }) do sound = sound and type(hold[field]) == 'number' and hold[field] >= 0 end
  if sound then return hold end
end
`;

/**
 * Renews and takes leases, all in one step.
 * KEYS: one hash for each lease, then the counter of news.
 * ARGV: owner, now or '', time to live in ms, expiry of the records in ms; then for each lease: '1' where it may be taken
 * when it has run out, and the token under which the owner believes to hold it, or ''. One that was given back may always be taken.
 * Gives the news counter and the time, then for each lease: '1' or '0' (the owner's or not; '2': the owner's, and Redis had lost
 * it), token, ms that are left.
 */
export const BEAT = `${NOW}${FOREIGN}
local owner, ttl, expiry = ARGV[1], tonumber(ARGV[3]), ARGV[4]
local now = clock(ARGV[2])
local news = redis.pcall('GET', KEYS[#KEYS])
local answer = { type(news) == 'string' and news or '0', string.format('%.0f', now) }
for i = 1, #KEYS - 1 do
  local key, may, claim = KEYS[i], ARGV[3 + 2 * i], ARGV[4 + 2 * i]
  hash(key)
  local lease = redis.call('HMGET', key, 'owner', 'token', 'till')
  local till = number(lease[3])
  -- No lease is given for so long.
  if till > now + 86400000 then till = 0 end
  local token = lease[2]
  local mine, gone = false, false
  if lease[1] == owner and (till > now or token == claim) then
    mine = true
  elseif not lease[1] and claim ~= '' then
    token = claim
    mine, gone = true, true
  elseif till <= now and (may == '1' or lease[3] == '0') then
    token = string.format('%.0f', math.max(number(token) + 1, now))
    mine = true
  end
  if mine then
    till = now + ttl
    redis.call('HSET', key, 'owner', owner, 'token', token, 'till', string.format('%.0f', till))
    redis.call('PEXPIRE', key, expiry)
  end
  answer[#answer + 1] = gone and '2' or mine and '1' or '0'
  answer[#answer + 1] = token or ''
  answer[#answer + 1] = string.format('%.0f', math.max(0, till - now))
end
return answer
`;

/** Gives a lease back: its end is '0' then, which no clock gives. KEYS: the lease. ARGV: owner, token. */
export const LEAVE = `
local lease = redis.call('HMGET', KEYS[1], 'owner', 'token')
if lease[1] == ARGV[1] and lease[2] == ARGV[2] then redis.call('HSET', KEYS[1], 'till', '0') end
return 1
`;

/**
 * Keeps a snapshot (where there is one) and how its collector stands; refused without the lease.
 * KEYS: lease, hash of standings, counter of news, snapshot. ARGV: owner, token, now or '', field, standing, expiry in s, bytes or ''.
 * Gives 1, or 0 where it is refused.
 */
export const SAVE = `${NOW}${FOREIGN}
if not holds(KEYS[1], ARGV[1], ARGV[2], clock(ARGV[3])) then return 0 end
if ARGV[7] ~= '' then redis.call('SET', KEYS[4], ARGV[7], 'EX', ARGV[6]) end
hash(KEYS[2])
redis.call('HSET', KEYS[2], ARGV[4], ARGV[5])
redis.call('EXPIRE', KEYS[2], ARGV[6])
local news = redis.pcall('INCR', KEYS[3])
if type(news) == 'table' then redis.call('SET', KEYS[3], string.format('%.0f', clock(''))) end
return 1
`;

/**
 * Sets pages aside, or counts one as spent; refused without the lease, and where it does not fit.
 * KEYS: lease, pages of the day by "target operation", holds by "target collector".
 * ARGV: owner, token, now or '', target, collector, operation or '' (set aside), pages, budget, budget of the target or '',
 * set aside for others, the same within the target, longest life of a hold in ms, expiry of the day in s, pages that the
 * target is known to have spent.
 * Gives {'ok' | 'budget' | 'not_leader', all of the day}.
 */
export const SPEND = `${NOW}${FOREIGN}
local now = clock(ARGV[3])
local target, id, pages = ARGV[4], ARGV[4] .. ' ' .. ARGV[5], tonumber(ARGV[7])
if not holds(KEYS[1], ARGV[1], ARGV[2], now) then return { 'not_leader', {} } end
local spent, spentOwn = 0, 0
hash(KEYS[2])
hash(KEYS[3])
local day = redis.call('HGETALL', KEYS[2])
for i = 1, #day, 2 do
  local count = math.max(0, number(day[i + 1]))
  if day[i + 1] ~= string.format('%.0f', count) then redis.call('HSET', KEYS[2], day[i], string.format('%.0f', count)) end
  spent = spent + count
  if string.sub(day[i], 1, #target + 1) == target .. ' ' then spentOwn = spentOwn + count end
end
-- What has been lost here counts all the same: nobody else spends for the target.
local lost = math.max(0, tonumber(ARGV[14]) - spentOwn)
spent, spentOwn = spent + lost, spentOwn + lost
local own = { pages = 0, paid = 0, at = now }
local kept = redis.call('HGETALL', KEYS[3])
for i = 1, #kept, 2 do
  local hold = holdOf(kept[i + 1])
  if hold == nil then
    redis.call('HDEL', KEYS[3], kept[i])
  elseif kept[i] == id then
    own = hold
  elseif now - hold.at < tonumber(ARGV[12]) then
    spent = spent + hold.pages
    if string.sub(kept[i], 1, #target + 1) == target .. ' ' then spentOwn = spentOwn + hold.pages end
  end
end
-- A hold that does not count for others any more may have been given to them.
local over = now - own.at >= tonumber(ARGV[12])
if over then own.pages = 0 end
local covered = ARGV[6] ~= '' and own.pages > 0
if not covered then
  local full = spent + tonumber(ARGV[10]) + pages > tonumber(ARGV[8])
  local fullOwn = ARGV[9] ~= '' and spentOwn + tonumber(ARGV[11]) + pages > tonumber(ARGV[9])
  if full or fullOwn then return { 'budget', day } end
end
if ARGV[6] == '' then
  own.pages = pages
  if over then own.at = now end
else
  own.pages = math.max(0, own.pages - 1)
  if own.paid == 0 then own.at = now end
  own.paid = own.paid + 1
  redis.call('HINCRBY', KEYS[2], target .. ' ' .. ARGV[6], 1)
  redis.call('EXPIRE', KEYS[2], ARGV[13])
end
redis.call('HSET', KEYS[3], id, cjson.encode(own))
return { 'ok', redis.call('HGETALL', KEYS[2]) }
`;

/**
 * Takes one page back. KEYS: pages of the day, holds. ARGV: "target operation", "target collector", '1' where the hold has it again.
 * Gives all of the day.
 */
export const REFUND = `${FOREIGN}
redis.call('HINCRBY', KEYS[1], ARGV[1], -1)
hash(KEYS[2])
local hold = holdOf(redis.call('HGET', KEYS[2], ARGV[2]))
if hold then
  hold.paid = math.max(0, hold.paid - 1)
  hold.pages = hold.pages + tonumber(ARGV[3])
  redis.call('HSET', KEYS[2], ARGV[2], cjson.encode(hold))
end
return redis.call('HGETALL', KEYS[1])
`;

/** Sets the rest of a hold free. KEYS: holds. ARGV: "target collector". */
export const RELEASE = `${FOREIGN}
hash(KEYS[1])
local hold = holdOf(redis.call('HGET', KEYS[1], ARGV[1]))
if hold then
  hold.pages = 0
  redis.call('HSET', KEYS[1], ARGV[1], cjson.encode(hold))
end
return 1
`;

/**
 * Enters what was spent while Redis was away, or what it has lost. KEYS: pages of the day.
 * ARGV: expiry in s; then for each field: its name, what was known to be there, what is to be added.
 * Gives all of the day.
 */
export const MERGE = `${NOW}${FOREIGN}
hash(KEYS[1])
for i = 2, #ARGV, 3 do
  local there = number(redis.call('HGET', KEYS[1], ARGV[i]))
  redis.call('HSET', KEYS[1], ARGV[i], math.max(there, tonumber(ARGV[i + 1])) + tonumber(ARGV[i + 2]))
end
redis.call('EXPIRE', KEYS[1], ARGV[1])
return redis.call('HGETALL', KEYS[1])
`;

"""The steps that Valkey or Redis takes in one piece (Lua, server-side).

Every script looks at the epoch first. A server process that is not the one that wrote the epoch may hold less than
was acknowledged (restart, fail-over), so it begins a new one; where INFO is forbidden to us the run id stays empty
and only a missing epoch begins a new one. Rows are hashes of: e epoch, r revision, g generation, b highest revision
of earlier epochs folded in, x schema, d sealed bytes. Leases: n nonce, f fencing number, e epoch, m machine, w
sealed owner.
"""

from __future__ import annotations

#: KEYS[1] the epoch; ARGV[1] channel, ARGV[2] id of a new epoch, ARGV[3] its proof of the team key.
_EPOCH = """
local info = redis.pcall('INFO', 'server')
local run = type(info) == 'string' and string.match(info, 'run_id:(%x+)') or ''
local at = redis.call('HMGET', KEYS[1], 'id', 'run', 'proof')
local epoch, proof = at[1], at[3]
if not epoch or (at[2] ~= run and run ~= '') then
  epoch, proof = ARGV[2], ARGV[3]
  redis.call('HSET', KEYS[1], 'id', epoch, 'run', run, 'proof', proof)
  redis.call('PUBLISH', ARGV[1], 'e:' .. epoch)
end
"""

#: KEYS[2..] rows. Returns epoch, proof, then one row or false for each.
READ = (
    _EPOCH
    + """
local found = {epoch, proof}
for i = 2, #KEYS do
  local row = redis.call('HMGET', KEYS[i], 'e', 'r', 'g', 'b', 'x', 'd')
  found[i + 1] = row[6] and row or false
end
return found
"""
)

#: KEYS[2] row, [3] fencing counter, [4] lease. ARGV[4] id, [5] epoch the writer saw, [6] how the sealed bytes that it
#: read begin ('' none), [7] its fencing number ('' none), [8] nonce and [9] length in ms of its lease, [10..14] r, g,
#: b, x, d of the new row. Returns what happened, and the epoch with its proof.
WRITE = (
    _EPOCH
    + """
if epoch ~= ARGV[5] then return {'epoch', epoch, proof} end
if ARGV[7] ~= '' and redis.call('GET', KEYS[3]) ~= ARGV[7] then return {'fence', epoch, proof} end
local sealed = redis.call('HGET', KEYS[2], 'd')
if (sealed and string.sub(sealed, 1, #ARGV[6]) or '') ~= ARGV[6] or (sealed and ARGV[6] == '') then
  return {'moved', epoch, proof}
end
redis.call('HSET', KEYS[2], 'e', epoch, 'r', ARGV[10], 'g', ARGV[11], 'b', ARGV[12], 'x', ARGV[13], 'd', ARGV[14])
local extended = 0
if ARGV[7] ~= '' and redis.call('HGET', KEYS[4], 'n') == ARGV[8] then
  extended = redis.call('PEXPIRE', KEYS[4], ARGV[9])
end
redis.call('PUBLISH', ARGV[1], 's:' .. ARGV[4] .. ':' .. ARGV[10])
return {'written', epoch, proof, extended}
"""
)

#: KEYS[2] lease, [3] fencing counter. ARGV[4] nonce, [5] length in ms, [6] machine, [7] sealed owner. A lease of an
#: earlier epoch is void; one of this machine is its dead process's, because the caller holds the machine's own lock.
#: Returns epoch, proof and the fencing number, or epoch, proof, 0 and who holds it.
ACQUIRE = (
    _EPOCH
    + """
local held = redis.call('HMGET', KEYS[2], 'e', 'm', 'w')
if held[1] and held[1] == epoch and held[2] ~= ARGV[6] then return {epoch, proof, 0, held[3]} end
local number = redis.call('INCR', KEYS[3])
redis.call('DEL', KEYS[2])
redis.call('HSET', KEYS[2], 'n', ARGV[4], 'f', number, 'e', epoch, 'm', ARGV[6], 'w', ARGV[7])
redis.call('PEXPIRE', KEYS[2], ARGV[5])
return {epoch, proof, number, false}
"""
)

#: KEYS[2] lease, [3] fencing counter. ARGV[4] nonce, [5] length in ms, [6] epoch of the lease, [7] fencing number,
#: [8] machine, [9] sealed owner. Returns 1 when nobody had the lease since: it runs on, also after it ran out.
EXTEND = (
    _EPOCH
    + """
if epoch ~= ARGV[6] or redis.call('GET', KEYS[3]) ~= ARGV[7] then return 0 end
redis.call('HSET', KEYS[2], 'n', ARGV[4], 'f', ARGV[7], 'e', epoch, 'm', ARGV[8], 'w', ARGV[9])
return redis.call('PEXPIRE', KEYS[2], ARGV[5])
"""
)

#: KEYS[1] lease, [2] fencing counter. ARGV[1] channel, [2] fencing number, [3] id. Only one's own is released. The
#: number goes up, so that nothing sent before can extend the lease or write after this.
RELEASE = """
if redis.call('GET', KEYS[2]) ~= ARGV[2] then return 0 end
redis.call('INCR', KEYS[2])
redis.call('DEL', KEYS[1])
redis.call('PUBLISH', ARGV[1], 'l:' .. ARGV[3])
return 1
"""

#: KEYS[1] the epoch. ARGV as above, [4] the epoch to end. A member saw something newer than the store shows.
RENEW_EPOCH = (
    _EPOCH
    + """
if epoch == ARGV[4] then
  epoch, proof = ARGV[2], ARGV[3]
  redis.call('HSET', KEYS[1], 'id', epoch, 'proof', proof)
  redis.call('PUBLISH', ARGV[1], 'e:' .. epoch)
end
return {epoch, proof}
"""
)

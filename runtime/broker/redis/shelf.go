package redisbroker

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"github.com/wsgen/wsgen/runtime/broker"
)

// This file says how kept messages lie on Redis, and how they are published.
//
// A channel of a log has two keys, and one more for each key of a message, for two
// minutes. All of them and the channel are in one slot of a Redis Cluster:
//
//	ws:main:chat.Events:r.p_lobby:m    a hash: e is the epoch, o the last offset
//	ws:main:chat.Events:r.p_lobby:s    a stream: d is a message, p the offset before it
//	ws:main:chat.Events:r.p_lobby:k:…  where the message with this key is
//
// An offset is the time in microseconds since 2020, or one more than the last: so a
// server that has lost its newest messages gives none of their offsets again.

// keepScript stores a message, and publishes it. It returns 1 if the message is there
// already, else 0, and its position. Messages whose time is over go then, or with the
// stream if nothing comes any more.
const keepScript = `
local meta = redis.call('hmget', KEYS[1], 'e', 'o')
local epoch, last = meta[1], meta[2] or '0'
if not epoch then
  epoch, last = ARGV[1], '0'
  redis.call('del', KEYS[2])
elseif KEYS[3] then
  local known = redis.call('get', KEYS[3])
  if known and string.sub(known, 1, #epoch + 1) == epoch .. ':' then return {1, known} end
end
local now = redis.call('time')
local offset = (tonumber(now[1]) - 1577836800) * 1000000 + tonumber(now[2])
local oldest = string.format('%.0f', math.max(offset - tonumber(ARGV[4]) * 1000, 0))
if offset <= tonumber(last) then offset = tonumber(last) + 1 end
offset = string.format('%.0f', offset)
redis.call('hset', KEYS[1], 'e', epoch, 'o', offset)
redis.call('pexpire', KEYS[1], ARGV[2])
redis.call('xadd', KEYS[2], 'MAXLEN', ARGV[3], offset .. '-0', 'p', last, 'd', ARGV[7])
redis.call('xtrim', KEYS[2], 'MINID', oldest .. '-0')
redis.call('pexpire', KEYS[2], ARGV[4])
local at = epoch .. ':' .. offset
if KEYS[3] then redis.call('set', KEYS[3], at, 'px', ARGV[5]) end
redis.call(ARGV[8], ARGV[6], 'K' .. epoch .. ':' .. last .. ':' .. offset .. ':' .. ARGV[7])
return {0, at}
`

// lookScript returns the epoch and the last offset, and what is behind an offset of
// that epoch: so many messages, and not many more bytes than so many. A channel that
// nothing was kept of gets an epoch, which lives on as long as somebody looks.
const lookScript = `
local meta = redis.call('hmget', KEYS[1], 'e', 'o')
local epoch, last = meta[1], meta[2] or '0'
if not epoch then
  epoch, last = ARGV[1], '0'
  redis.call('del', KEYS[2])
  redis.call('hset', KEYS[1], 'e', epoch, 'o', last)
end
if redis.call('pttl', KEYS[1]) < tonumber(ARGV[2]) / 2 then redis.call('pexpire', KEYS[1], ARGV[2]) end
local out = {epoch, last}
local left, size, from = tonumber(ARGV[5]), tonumber(ARGV[6]), ARGV[4]
if epoch ~= ARGV[3] then left = 0 end
while left > 0 and size > 0 do
  local part = redis.call('xrange', KEYS[2], '(' .. from .. '-0', '+', 'COUNT', math.min(left, 16))
  if #part == 0 then break end
  for i, entry in ipairs(part) do
    from = string.match(entry[1], '%d+')
    out[#out + 1] = from
    out[#out + 1] = entry[2][2]
    out[#out + 1] = entry[2][4]
    left, size = left - 1, size - #entry[2][4]
  end
end
return out
`

const (
	metaTime = 24 * time.Hour // how long an epoch lives behind what happened last, at least
	mostRead = 4 << 20        // bytes of an answer to Read, or little more
)

// shelf is where a channel of a log is.
type shelf struct{ meta, stream, keys string }

// shelf returns the names of the keys of a channel in a log.
func (n *names) shelf(log, channel string, sharded bool) shelf {
	front := n.plain
	if sharded {
		front = n.tagged[partition(channel)]
	}
	front += logToken(log) + ":" + channel
	return shelf{front + ":m", front + ":s", front + ":k:"}
}

// logToken returns what a log is called within a key: its name, or a hash of what
// could be taken for another part of the key, or is long.
func logToken(name string) string {
	const alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-."
	if name == "" || len(name) > 64 || strings.Trim(name, alphabet) != "" {
		return "=" + hash(name)
	}
	return name
}

// hash returns 27 characters that are different for different texts.
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.RawURLEncoding.EncodeToString(sum[:20])
}

// newEpoch returns an epoch that nobody has.
func newEpoch() string { return rand.Text()[:12] }

// milliseconds returns a duration as Redis wants it, and never none.
func milliseconds(d time.Duration) string { return strconv.FormatInt(max(d.Milliseconds(), 1), 10) }

// metaTTL returns how long the epoch of a log lives.
func metaTTL(log broker.Log) string { return milliseconds(max(metaTime, 2*log.TTL)) }

// ---- what is published

// Marks in front of what is published. A message that begins with one of them gets
// plainMark in front; all others go as they are.
const (
	keptMark  = 'K'
	plainMark = 'P'
)

// marked reports whether a plain message gets a mark.
func marked(data []byte) bool {
	return len(data) > 0 && (data[0] == keptMark || data[0] == plainMark)
}

// unmark reads what was published: a plain message, or one that is kept.
func unmark(channel, text string) broker.Delivery {
	d := broker.Delivery{Channel: channel}
	if text != "" {
		switch text[0] {
		case plainMark:
			text = text[1:]
		case keptMark:
			if at, prev, rest, ok := cutKept(text[1:]); ok {
				d.At, d.Prev, text = at, prev, rest
			}
		}
	}
	d.Data = []byte(text)
	return d
}

// cutKept reads epoch:prev:offset:message.
func cutKept(text string) (at broker.Position, prev uint64, rest string, ok bool) {
	epoch, text, _ := strings.Cut(text, ":")
	before, text, _ := strings.Cut(text, ":")
	offset, rest, ok := strings.Cut(text, ":")
	prev, isPrev := parseOffset(before)
	at.Epoch = epoch
	var isOffset bool
	at.Offset, isOffset = parseOffset(offset)
	if !ok || !isPrev || !isOffset || !isEpoch(epoch) || at.Offset <= prev {
		return broker.Position{}, 0, "", false
	}
	return at, prev, rest, true
}

// cutPosition reads epoch:offset.
func cutPosition(text string) (at broker.Position, ok bool) {
	epoch, offset, _ := strings.Cut(text, ":")
	at.Epoch = epoch
	if at.Offset, ok = parseOffset(offset); !ok || !isEpoch(epoch) {
		return broker.Position{}, false
	}
	return at, true
}

// parseOffset reads an offset as the scripts write it.
func parseOffset(text string) (uint64, bool) {
	n, err := strconv.ParseUint(text, 10, 64)
	return n, err == nil && n <= 1<<53 && strconv.FormatUint(n, 10) == text
}

func isEpoch(text string) bool {
	const alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	return text != "" && len(text) <= 16 && strings.Trim(text, alphabet) == ""
}

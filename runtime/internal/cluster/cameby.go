package cluster

// cameBy reports whether a packet may come by a channel. Who made two rooms of one
// hash, or has mixed up its channels, reaches nobody.
func (v *View) cameBy(channel string, base uint32) bool {
	if channel == All {
		return true
	}
	switch v.Kind {
	case Push, Join, Leave, Hangup:
	case Answer:
		return channel == NodeChannel(base)
	case PresenceChange, PresenceState, PresenceAsk, PresenceDigest:
		if channel == NodeChannel(base) {
			return true
		}
	default:
		return false
	}
	var token [2 + maxToken]byte
	switch v.Target {
	case ToRooms:
		return string(appendToken(append(token[:0], "r."...), string(v.Names.At(v.Place)))) == channel
	case ToUsers:
		return string(appendToken(append(token[:0], "u."...), string(v.Names.At(v.Place)))) == channel
	case ToConns:
		return channel == NodeChannel(base)
	}
	return false
}

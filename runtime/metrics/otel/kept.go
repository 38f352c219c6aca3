package wsotel

import ws "github.com/wsgen/wsgen/runtime"

// This file has what a Server counts of kept pushes, and of who is seen in rooms.

// historyStats are those of kept pushes.
func historyStats() (all []stat) {
	history := func(name, unit, text string, kind kind, of func(h *ws.HistoryStats) int64) {
		all = append(all, stat{"history." + name, unit, text, kind, func(s *ws.Stats) int64 { return of(&s.History) }, false})
	}
	history("rooms", "{room}", "Rooms and users of which kept pushes are remembered; in a cluster, that are followed here.", now, func(h *ws.HistoryStats) int64 { return int64(h.Rooms) })
	history("messages", "{message}", "Kept pushes that are remembered, a union's in each of its rooms; in a cluster the newest.", now, func(h *ws.HistoryStats) int64 { return int64(h.Messages) })
	history("size", "By", "Bytes of what is remembered of kept pushes.", now, func(h *ws.HistoryStats) int64 { return int64(h.Bytes) })
	history("kept", "{push}", "Pushes that were kept, a union's in each of its rooms.", counted, func(h *ws.HistoryStats) int64 { return int64(h.Kept) })
	history("duplicates", "{push}", "Pushes with a key that was known: they were kept before.", counted, func(h *ws.HistoryStats) int64 { return int64(h.Duplicates) })
	history("failed", "{push}", "Pushes that a cluster's engine was to keep, and has not, or perhaps not.", counted, func(h *ws.HistoryStats) int64 { return int64(h.KeepFailed) })
	history("catchups", "{connection}", "Followers that were behind, and caught up at their own pace.", counted, func(h *ws.HistoryStats) int64 { return int64(h.CatchUps) })
	history("recovered", "{connection}", "Followers that came back, and got all that they had missed.", counted, func(h *ws.HistoryStats) int64 { return int64(h.Recovered) })
	history("unrecovered", "{connection}", "Followers that came back, and were told that something is missing.", counted, func(h *ws.HistoryStats) int64 { return int64(h.Unrecovered) })
	history("lost", "{connection}", "Followers that fell behind further than is remembered, and were told.", counted, func(h *ws.HistoryStats) int64 { return int64(h.LostTold) })
	history("pressed", "{message}", "Kept pushes that were forgotten before their time, for want of room.", counted, func(h *ws.HistoryStats) int64 { return int64(h.Pressed) })
	history("resets", "{room}", "Rooms that are followed and went on behind a gap, since the engine had lost them, or a node has missed more than is kept.", counted, func(h *ws.HistoryStats) int64 { return int64(h.Resets) })
	return all
}

// presenceStats are those of who is seen in rooms.
func presenceStats() []stat {
	return []stat{
		{"presence.rooms", "{room}", "Rooms in which connections are present, or watch.", now, func(s *ws.Stats) int64 { return int64(s.Presence.Rooms) }, false},
		{"presence.connections", "{connection}", "Connections that are present, in each of these rooms.", now, func(s *ws.Stats) int64 { return int64(s.Presence.Connections) }, false},
		{"presence.late", "{frame}", "Frames about who is present that an outbox had no room for: the client gets the whole list later.", counted, func(s *ws.Stats) int64 { return int64(s.Presence.Late) }, false},
	}
}

package prom

import (
	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/metrics/prom/internal/series"
)

// This file has what a Server counts of kept pushes, and of who is seen in rooms.

// ofHistoryStats returns where a metric is in HistoryStats.
func ofHistoryStats(name string) func(s *ws.Stats) float64 {
	switch name {
	case series.HistoryRooms:
		return func(s *ws.Stats) float64 { return float64(s.History.Rooms) }
	case series.HistoryMessages:
		return func(s *ws.Stats) float64 { return float64(s.History.Messages) }
	case series.HistoryBytes:
		return func(s *ws.Stats) float64 { return float64(s.History.Bytes) }
	case series.HistoryKept:
		return func(s *ws.Stats) float64 { return float64(s.History.Kept) }
	case series.HistoryDuplicates:
		return func(s *ws.Stats) float64 { return float64(s.History.Duplicates) }
	case series.HistoryFailed:
		return func(s *ws.Stats) float64 { return float64(s.History.KeepFailed) }
	case series.HistoryCatchUps:
		return func(s *ws.Stats) float64 { return float64(s.History.CatchUps) }
	case series.HistoryRecovered:
		return func(s *ws.Stats) float64 { return float64(s.History.Recovered) }
	case series.HistoryUnrecovered:
		return func(s *ws.Stats) float64 { return float64(s.History.Unrecovered) }
	case series.HistoryLost:
		return func(s *ws.Stats) float64 { return float64(s.History.LostTold) }
	case series.HistoryPressed:
		return func(s *ws.Stats) float64 { return float64(s.History.Pressed) }
	case series.HistoryResets:
		return func(s *ws.Stats) float64 { return float64(s.History.Resets) }
	}
	panic("prom: no number of HistoryStats is called " + name)
}

// ofPresenceStats returns where a metric is in PresenceStats.
func ofPresenceStats(name string) func(s *ws.Stats) float64 {
	switch name {
	case series.PresenceRooms:
		return func(s *ws.Stats) float64 { return float64(s.Presence.Rooms) }
	case series.PresenceConnections:
		return func(s *ws.Stats) float64 { return float64(s.Presence.Connections) }
	case series.PresenceLate:
		return func(s *ws.Stats) float64 { return float64(s.Presence.Late) }
	}
	panic("prom: no number of PresenceStats is called " + name)
}

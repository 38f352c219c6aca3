package rows

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Row is one measurement.
type Row struct {
	ID    string
	Title string
	Run   func(context.Context, *Env) error
	// Cluster says that it is of several nodes. Such rows run when they are asked
	// for, and have a page of their own.
	Cluster bool
}

// All are the rows in the order they run.
func All() []Row { return append(single(), clustered()...) }

// clustered are the rows of clusters. Their IDs begin with "cluster".
func clustered() []Row {
	return []Row{
		{"cluster-fanout", "One push to a room of 1000 connections on three nodes", clusterFanout, true},
		{"cluster-burst", "10 pushes back to back to a room of 1000 connections on three nodes", clusterBurst, true},
		{"cluster-latency", "One push from a node to a connection of another, idle", clusterLatency, true},
		{"cluster-join", "The join of a new room until its reply", clusterJoin, true},
		{"cluster-rooms", "10 000 new rooms joined at one node at once", clusterRooms, true},
		{"cluster-stopped", "Two nodes at work while the third is stopped", clusterStopped, true},
	}
}

// single are those of one server each.
func single() []Row {
	return []Row{
		{"fanout", "One broadcast to 1000 connections", fanout, false},
		{"burst10", "10 broadcasts back to back to 1000 connections", burst10, false},
		{"burst100", "100 broadcasts back to back to 1000 connections", burst100, false},
		{"echo1", "Echo, 100 connections, one message in flight each", echo1, false},
		{"echo16", "Echo, 100 connections, 16 messages in flight each", echo16, false},
		{"idle", "Memory of 10 000 idle connections", idle, false},
		{"stalled", "Peers that never read: 100 beside 900 healthy ones", stalled, false},
		{"room", "A push to a room of 10 members", room, false},
		{"mixed", "Mixed load: 1000 connections, 100 senders, 20 rooms", mixed, false},
		{"large", "A broadcast of 64 KiB to 100 connections", large, false},
		{"large-echo", "Echo of 64 KiB messages, 20 connections", largeEcho, false},
		{"large-8k", "Echo of 8 KB messages, 20 connections", large8k, false},
		{"large-1m", "Echo of 1 MB messages, 8 connections", large1m, false},
		{"telemetry", "Typed echo of a device's report, 50 connections, 16 in flight each", telemetry, false},
		{"connect", "3000 connections at once", connect, false},
		{"tls", "One broadcast to 1000 connections over TLS", overTLS, false},
		{"tls-burst10", "10 broadcasts back to back to 1000 connections over TLS", burst10TLS, false},
		{"tls-burst100", "100 broadcasts back to back to 1000 connections over TLS", burst100TLS, false},
		{"deflate", "One broadcast to 1000 connections with permessage-deflate", deflate, false},
		{"fanout-v1", "One broadcast to 1000 sessions, and to 1000 plain connections", fanoutV1, false},
		{"burst10-v1", "10 broadcasts back to back to 1000 sessions, and to 1000 plain connections", burst10V1, false},
		{"burst100-v1", "100 broadcasts back to back to 1000 sessions, and to 1000 plain connections", burst100V1, false},
		{"idle-v1", "Memory of 10 000 idle sessions, and of 10 000 idle plain connections", idleV1, false},
		{"crowd", "An idle crowd, as large as one process may open", crowd, false},
		{"load", "19 900 connections at work: a message a second each, and a broadcast a second to all", load, false},
		{"dispatch", "Dispatch of a 100-byte typed message, without a socket", dispatch, false},
		{"text", "Dispatch of messages with text of every kind, without a socket", text, false},
		{"codecs", "Decoding and encoding of three nested payloads", codecs, false},
	}
}

// Select returns the rows that what names, a list with commas: a row by its
// ID, or several by the front of theirs ("echo", "burst"). "" is all but those of
// clusters, which "cluster" is.
func Select(what string) ([]Row, error) {
	if what == "" {
		return single(), nil
	}
	wanted := map[string]bool{}
	for name := range strings.SplitSeq(what, ",") {
		found := matching(func(id string) bool { return id == name })
		if len(found) == 0 && name != "" {
			found = matching(func(id string) bool { return strings.HasPrefix(id, name) })
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("there is no row %q; there are %s", name, strings.Join(matching(func(string) bool { return true }), ", "))
		}
		for _, id := range found {
			wanted[id] = true
		}
	}
	return slices.DeleteFunc(All(), func(r Row) bool { return !wanted[r.ID] }), nil
}

// matching lists the IDs that keep wants.
func matching(keep func(id string) bool) []string {
	var out []string
	for _, r := range All() {
		if keep(r.ID) {
			out = append(out, r.ID)
		}
	}
	return out
}

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
	// Page is the page that it is on, if not docs/benchmarks.md: ClusterPage or
	// HistoryPage. Such a row runs when it is asked for.
	Page string
}

// The pages of rows that have one of their own, by which they are asked for.
const (
	ClusterPage = "cluster" // several nodes: docs/benchmarks-cluster.md
	HistoryPage = "history" // kept pushes: the page of kept pushes
)

// All are the rows in the order they run.
func All() []Row { return slices.Concat(single(), clustered(), histories()) }

// histories are the rows of kept pushes. Their IDs begin with "history".
func histories() []Row {
	return []Row{
		{"history-return", "5 000 followers that come back at once, with 100 messages missed each", historyReturn, HistoryPage},
		{"history-push", "A kept push to a room of 1000 followers, and a plain one to 1000 members", historyPush, HistoryPage},
		{"history-push-1", "A kept push to a room of one follower, and a plain one to one member", historyPushOne, HistoryPage},
		{"history-idle", "Memory of 10 000 idle followers, and of 10 000 idle members of a room", historyIdle, HistoryPage},
	}
}

// clustered are the rows of clusters. Their IDs begin with "cluster".
func clustered() []Row {
	return []Row{
		{"cluster-fanout", "One push to a room of 1000 connections on three nodes", clusterFanout, ClusterPage},
		{"cluster-burst", "10 pushes back to back to a room of 1000 connections on three nodes", clusterBurst, ClusterPage},
		{"cluster-latency", "One push from a node to a connection of another, idle", clusterLatency, ClusterPage},
		{"cluster-join", "The join of a new room until its reply", clusterJoin, ClusterPage},
		{"cluster-rooms", "10 000 new rooms joined at one node at once", clusterRooms, ClusterPage},
		{"cluster-stopped", "Two nodes at work while the third is stopped", clusterStopped, ClusterPage},
	}
}

// single are those of one server each.
func single() []Row {
	return []Row{
		{"fanout", "One broadcast to 1000 connections", fanout, ""},
		{"burst10", "10 broadcasts back to back to 1000 connections", burst10, ""},
		{"burst100", "100 broadcasts back to back to 1000 connections", burst100, ""},
		{"echo1", "Echo, 100 connections, one message in flight each", echo1, ""},
		{"echo16", "Echo, 100 connections, 16 messages in flight each", echo16, ""},
		{"idle", "Memory of 10 000 idle connections", idle, ""},
		{"stalled", "Peers that never read: 100 beside 900 healthy ones", stalled, ""},
		{"room", "A push to a room of 10 members", room, ""},
		{"mixed", "Mixed load: 1000 connections, 100 senders, 20 rooms", mixed, ""},
		{"large", "A broadcast of 64 KiB to 100 connections", large, ""},
		{"large-echo", "Echo of 64 KiB messages, 20 connections", largeEcho, ""},
		{"large-8k", "Echo of 8 KB messages, 20 connections", large8k, ""},
		{"large-1m", "Echo of 1 MB messages, 8 connections", large1m, ""},
		{"telemetry", "Typed echo of a device's report, 50 connections, 16 in flight each", telemetry, ""},
		{"connect", "3000 connections at once", connect, ""},
		{"tls", "One broadcast to 1000 connections over TLS", overTLS, ""},
		{"tls-burst10", "10 broadcasts back to back to 1000 connections over TLS", burst10TLS, ""},
		{"tls-burst100", "100 broadcasts back to back to 1000 connections over TLS", burst100TLS, ""},
		{"deflate", "One broadcast to 1000 connections with permessage-deflate", deflate, ""},
		{"fanout-v1", "One broadcast to 1000 sessions, and to 1000 plain connections", fanoutV1, ""},
		{"burst10-v1", "10 broadcasts back to back to 1000 sessions, and to 1000 plain connections", burst10V1, ""},
		{"burst100-v1", "100 broadcasts back to back to 1000 sessions, and to 1000 plain connections", burst100V1, ""},
		{"idle-v1", "Memory of 10 000 idle sessions, and of 10 000 idle plain connections", idleV1, ""},
		{"crowd", "An idle crowd, as large as one process may open", crowd, ""},
		{"load", "19 900 connections at work: a message a second each, and a broadcast a second to all", load, ""},
		{"dispatch", "Dispatch of a 100-byte typed message, without a socket", dispatch, ""},
		{"text", "Dispatch of messages with text of every kind, without a socket", text, ""},
		{"codecs", "Decoding and encoding of three nested payloads", codecs, ""},
	}
}

// Select returns the rows that what names, a list with commas: a row by its
// ID, or several by the front of theirs ("echo", "burst"). "" is all but those of
// clusters and of histories, which "cluster" and "history" are.
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

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
}

// All are the rows in the order they run.
func All() []Row {
	return []Row{
		{"fanout", "One broadcast to 1000 connections", fanout},
		{"burst10", "10 broadcasts back to back to 1000 connections", burst10},
		{"burst100", "100 broadcasts back to back to 1000 connections", burst100},
		{"echo1", "Echo, 100 connections, one message in flight each", echo1},
		{"echo16", "Echo, 100 connections, 16 messages in flight each", echo16},
		{"idle", "Memory of 10 000 idle connections", idle},
		{"stalled", "Peers that never read: 100 beside 900 healthy ones", stalled},
		{"room", "A push to a room of 10 members", room},
		{"mixed", "Mixed load: 1000 connections, 100 senders, 20 rooms", mixed},
		{"large", "A broadcast of 64 KiB to 100 connections", large},
		{"large-echo", "Echo of 64 KiB messages, 20 connections", largeEcho},
		{"connect", "3000 connections at once", connect},
		{"tls", "One broadcast to 1000 connections over TLS", overTLS},
		{"deflate", "One broadcast to 1000 connections with permessage-deflate", deflate},
		{"crowd", "An idle crowd, as large as one process may open", crowd},
		{"dispatch", "Dispatch of a 100-byte typed message, without a socket", dispatch},
	}
}

// Select returns the rows that what names, a list with commas: a row by its
// ID, or several by the front of theirs ("echo", "burst"). "" is all.
func Select(what string) ([]Row, error) {
	if what == "" {
		return All(), nil
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

package tsclient

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
	"github.com/wsgen/wsgen/templates/tsclient"
)

// TestRenamed: a method whose name is not that of its event says which event it is of.
func TestRenamed(t *testing.T) {
	for _, c := range []struct{ event, name, want string }{
		{"history_pages", "historyPages", ""},
		{"a-b", `"a-b"`, ""}, // since there is an event aB
		{"2fast", `"2fast"`, ""},
		{"close", "close_", `Sends the event "close", whose name is taken.`},
		{"close", "close__", `Sends the event "close", whose name is taken.`},
		{"close_", "close_", ""},
	} {
		if got := renamed(&model.Call{Event: c.event}, c.name); got != c.want {
			t.Errorf("%s of %s: got %q, want %q", c.name, c.event, got, c.want)
		}
	}
}

// TestMembers: no method of a gateway takes the place of one that clients have.
func TestMembers(t *testing.T) {
	_, class, ok := strings.Cut(tsclient.Common, "export class WsClient<")
	if !ok {
		t.Fatal("there is no WsClient")
	}
	class, _, _ = strings.Cut(class, "\n}\n")
	found := regexp.MustCompile(`(?m)^  (?:get |async )?\*?([a-z]\w*)[(<]`).FindAllStringSubmatch(class, -1)
	if len(found) < 19 {
		t.Errorf("only %d members: %v", len(found), found)
	}
	for _, m := range found {
		if !slices.Contains(members(), m[1]) {
			t.Errorf("%s may be the name of a method", m[1])
		}
	}
}

func TestMethods(t *testing.T) {
	for _, c := range []struct{ events, want string }{
		{"history_pages OrderDone chat.message HTTPError ID say", "historyPages orderDone chatMessage httpError id say"},
		{"a-b a_b aB ab", `"a-b" a_b aB ab`},
		{"close close_ then constructor toString", "close_ close__ then_ constructor_ toString_"},
		{"close_ close x", "close_ close__ x"},
		{"2fast 1 -- a1", `"2fast" "1" "--" a1`},
		{"ÄPFEL größe", `äpfel größe`},
	} {
		var calls []*model.Call
		for _, event := range strings.Fields(c.events) {
			calls = append(calls, &model.Call{Event: event})
		}
		if got := strings.Join(methods(calls), " "); got != c.want {
			t.Errorf("%s: got %s, want %s", c.events, got, c.want)
		}
	}
}

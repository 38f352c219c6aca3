package main

import (
	"strings"
	"testing"
)

func TestKinds(t *testing.T) {
	names := func(o options) string {
		all, err := kinds(o)
		if err != nil {
			return err.Error()
		}
		var out []string
		for _, k := range all {
			out = append(out, k.Name)
		}
		return strings.Join(out, " ")
	}
	for want, o := range map[string]options{
		"wsgen gws":                   {servers: "wsgen,gws"},
		"wsgen wsgen@old gws":         {servers: "wsgen,gws", wsgen: checkouts{"/new", "old=/old"}},
		"wsgen@old":                   {servers: "wsgen@old", wsgen: checkouts{"old=/old"}},
		`there is no server "gwss"`:   {servers: "gwss"},
		`there is no server "wsgen@"`: {servers: "wsgen@"},
	} {
		if got := names(o); got != want {
			t.Errorf("%+v are %q, want %q", o, got, want)
		}
	}
	if all := names(options{}); !strings.HasPrefix(all, "wsgen gws gws-json") || !strings.HasSuffix(all, "nest") {
		t.Errorf("by default: %s", all)
	}
}

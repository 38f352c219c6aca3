package cluster

import (
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/wsgen/wsgen/runtime/broker"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestChannels(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{All, "a"},
		{Room("lobby"), "r.p_lobby"},
		{Room("Lobby"), "r.p_Lobby"},
		{User("lobby"), "u.p_lobby"},
		{Room("ticket 42"), "r.b_dGlja2V0IDQy"},
		{Room(""), "r.b_"},
		{Room("*"), "r.b_Kg"},
		{Room(">"), "r.b_Pg"},
		{Room("a.b"), "r.b_YS5i"},
		{Room("{17}"), "r.b_ezE3fQ"},
		{Room("caf\xc3"), "r.b_Y2Fmww"},
		{Room(strings.Repeat("x", 64)), "r.p_" + strings.Repeat("x", 64)},
		{Room(strings.Repeat(" ", 48)), "r.b_" + strings.Repeat("ICAg", 16)},
		{Room(strings.Repeat("x", 65)), "r.h_lTfF_fEgSC99WNJentWD9SwCtOM"},
		{NodeChannel(0xabc), "n.000abc"},
		{NodeChannel(0xffffff), "n.ffffff"},
		{Name(""), "main"},
		{Name("main"), "main"},
		{Name("notify-NotifyServer"), "notify-NotifyServer"},
		{Name("shop.example/chat é"), "shop-example-chat--"},
	} {
		if c.got != c.want {
			t.Errorf("%s, want %s", c.got, c.want)
		}
	}
	long, longer := Name(strings.Repeat("x", 65)), Name(strings.Repeat("x", 66))
	if long == longer || len(long) != broker.MaxName || len(longer) != broker.MaxName || !plain(long) {
		t.Errorf("long names of clusters: %s, %s", long, longer)
	}
}

// FuzzToken holds tokens to their alphabet and length, and to be different for
// different names.
func FuzzToken(f *testing.F) {
	names := []string{
		"", "lobby", "Lobby", "*", ">", "a.b", "{17}", "p_lobby", "b_Kg", "h_", "\x00", "caf\xc3", "café", " ", "-", "_",
		strings.Repeat("\x00", 4096), strings.Repeat("x", 64), strings.Repeat("x", 65), strings.Repeat(" ", 48), strings.Repeat(" ", 49),
	}
	for i, name := range names {
		f.Add(name, names[(i+1)%len(names)])
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		one, other := string(appendToken(nil, a)), string(appendToken(nil, b))
		if len(one) > maxToken || len(one) < 2 || !plain(one) {
			t.Errorf("the token of %q is %q", a, one)
		}
		if (a == b) != (one == other) {
			t.Errorf("%q and %q have the tokens %q and %q", a, b, one, other)
		}
		if whole := string(appendToken([]byte("r."), a)); whole != "r."+one || len(whole) > broker.MaxChannel {
			t.Errorf("the channel of %q is %q", a, whole)
		}
		if name := Name(a); name == "" || len(name) > broker.MaxName || !plain(name) {
			t.Errorf("the cluster's name %q becomes %q", a, name)
		}
	})
}

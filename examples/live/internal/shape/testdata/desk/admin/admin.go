// Package admin is the console.
package admin

import (
	"context"
	"strings"

	"example.com/desk/chat"
	ws "github.com/wsgen/wsgen/runtime"
)

// Registry holds the consoles.
//
//ws:namespace
type Registry struct{ *ws.Server }

// Alerts go to the consoles.
//
//ws:push namespace=Registry
type Alerts interface{ Alert(text string) error }

// Alarm rings from outside.
type Alarm struct{ Alerts Alerts }

// Ring tells every console.
func (a *Alarm) Ring(text string) { _ = a.Alerts.Alert(text) }

// Local lets nobody in but with the password.
type Local struct{ password string }

// NewLocal makes a Local.
func NewLocal() *Local { return &Local{"sesame"} }

// GuardConn implements ws.ConnGuard.
func (l *Local) GuardConn(u *ws.Upgrade) error {
	if u.Request.URL.Query().Get("password") != l.password {
		return ws.NewError(ws.CodeUnauthenticated, "the password")
	}
	return nil
}

// Writable refuses data without force.
type Writable struct{}

// GuardMessage implements ws.MessageGuard.
func (*Writable) GuardMessage(_ context.Context, m ws.Message) error {
	var in struct{ Force bool }
	if m.Decode(&in) == nil && in.Force {
		return nil
	}
	return ws.NewError(ws.CodeForbidden, "read-only")
}

// Console is for operators, of everything.
//
//ws:gateway /admin namespace=Registry codec=std
//ws:guard Local
type Console struct {
	Server *ws.Server // the application's
	Chat   chat.Events
	Store  *chat.Store
	Alerts Alerts
}

//ws:subscribe online
func (k *Console) Online() int { return k.Server.ConnectionCount() }

//ws:subscribe announce
func (k *Console) Announce(l chat.Line) (int, error) { return k.Chat.Said(l) }

//ws:subscribe lines
func (k *Console) Lines() []chat.Line { return k.Store.Lines() }

//ws:subscribe search
func (k *Console) Search(in struct {
	Text string `json:"text"`
}) (found []chat.Line) {
	for _, l := range k.Store.Lines() {
		if strings.Contains(l.Text, in.Text) {
			found = append(found, l)
		}
	}
	return found
}

//ws:subscribe wipe
//ws:guard Writable
func (k *Console) Wipe(force bool) error {
	k.Chat.Cleared()
	return nil
}

//ws:subscribe alarm
func (k *Console) Alarm(text string) error { return k.Alerts.Alert(text) }

//ws:subscribe self
func (k *Console) Self(c *ws.Client) ws.ConnID { return c.ID() }

//ws:subscribe bye
func (k *Console) Bye(c *ws.Client) error { return c.Close(ws.CloseNormal, "bye") }

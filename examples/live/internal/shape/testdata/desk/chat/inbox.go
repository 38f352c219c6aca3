package chat

import (
	"context"
	"errors"
	"slices"
	"sync"

	ws "github.com/wsgen/wsgen/runtime"
)

// Box has the handlers of every kind of inbox.
type Box[M any] struct {
	mu   sync.Mutex
	kept []M // guarded by mu
}

//ws:subscribe put
func (b *Box[M]) Put(m M) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.kept = append(b.kept, m)
	return len(b.kept)
}

//ws:subscribe all
func (b *Box[M]) All() []M {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.kept)
}

// Mail is what an inbox has.
type Mail struct {
	To   string            `json:"to"`
	Text string            `json:"text"`
	Head map[string]string `json:"head,omitempty"`
}

// Validate implements the interface that wsgen looks for.
func (m *Mail) Validate() error {
	if m.To == "" {
		return ws.FieldErrors{{Path: "/to", Rule: "required", Message: "whom?"}}
	}
	return nil
}

// Inbox is the inbox of one user, which the path names.
//
//ws:gateway /inbox/{user}
//ws:public
type Inbox struct{ Box[Mail] }

// NewInbox makes an empty Inbox.
func NewInbox() *Inbox { return &Inbox{} }

//ws:subscribe whose
func (i *Inbox) Whose(c *ws.Client) string { return c.PathValue("user") }

//ws:subscribe send
func (i *Inbox) Send(m *Mail) (bool, error) {
	if m == nil {
		return false, ws.NewError(ws.CodeInvalidPayload, "nothing to send")
	}
	return i.Put(*m) > 0, nil
}

//ws:subscribe sent
func (i *Inbox) Sent() map[string]int { return map[string]int{"sent": len(i.All())} }

//ws:subscribe ping
func (i *Inbox) Ping() {}

//ws:subscribe fail
func (i *Inbox) Fail() error { return errors.New("secret") }

//ws:subscribe optional
func (i *Inbox) Optional(name *string, n int) string {
	if name == nil {
		return "nobody"
	}
	return *name
}

//ws:subscribe raw
func (i *Inbox) Raw(_ context.Context, s ws.Sender) error { return s.Send("raw") }

//ws:subscribe "two words"
func (i *Inbox) TwoWords() []string { return nil }

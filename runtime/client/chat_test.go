package wsclient_test

import (
	"context"
	"encoding/json"
	"iter"
	"testing"

	wsclient "github.com/wsgen/wsgen/runtime/client"
)

// What follows is what wsgen writes for a gateway, and its types.

const _ = wsclient.GeneratedV1

// Message is what a chat knows of a message.
type Message struct {
	Author string `json:"author"`
	Text   string `json:"text"`
}

// Chat is a client of a gateway at /ws. All methods are safe for concurrent use.
type Chat struct{ *wsclient.Client }

// DialChat connects.
func DialChat(ctx context.Context, url string, o wsclient.Options) (*Chat, error) {
	c, err := wsclient.Dial(ctx, url, wsclient.Gateway{Path: "/ws", Contract: "k3v9q2m1xw7d"}, o)
	if err != nil {
		return nil, err
	}
	return &Chat{c}, nil
}

// Say stores a message and answers what was stored.
func (c *Chat) Say(ctx context.Context, data Message) (Message, error) {
	return wsclient.Call[Message](ctx, c.Client, "say", data)
}

// Echo answers what it was sent.
func (c *Chat) Echo(ctx context.Context, data any) (json.RawMessage, error) {
	return wsclient.Call[json.RawMessage](ctx, c.Client, "echo", data)
}

// Hold answers when it is released, or not at all.
func (c *Chat) Hold(ctx context.Context) error { return wsclient.Do(ctx, c.Client, "hold", nil) }

// Note takes a number.
func (c *Chat) Note(n int) error { return wsclient.Send(c.Client, "note", n) }

// Count answers numbers from 0.
func (c *Chat) Count(ctx context.Context, n int) iter.Seq2[int, error] {
	return wsclient.Stream[int](ctx, c.Client, "count", n)
}

// OnMessage has fn called for each announcement of a message, until off is called.
func (c *Chat) OnMessage(fn func(Message)) (off func()) {
	return wsclient.On(c.Client, "message", fn)
}

// OnNumber has fn called for each number, until off is called.
func (c *Chat) OnNumber(fn func(int)) (off func()) { return wsclient.On(c.Client, "number", fn) }

// AnswerConfirm has fn answer what the server asks before something is done.
func (c *Chat) AnswerConfirm(fn func(context.Context, string) (bool, error)) (off func()) {
	return wsclient.Answer(c.Client, "confirm", fn)
}

// dial connects to a site, and closes the client when the test is over.
func dial(t testing.TB, url string, o wsclient.Options) *Chat {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if o.Logger == nil {
		o.Logger = (&logs{}).logger()
	}
	c, err := DialChat(ctx, url, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closes(t, c) })
	return c
}

// closes closes a client, in time.
func closes(t testing.TB, c *Chat) {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- c.Close() }()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-wait():
		t.Error("Close does not return")
	}
}

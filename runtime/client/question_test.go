package wsclient_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
	wsclient "github.com/wsgen/wsgen/runtime/client"
)

// doubts are what clients are asked in these tests.
type doubts interface {
	Confirm(ctx context.Context, text string) (bool, error)
	Text(ctx context.Context, text string) (string, error)
}

type wsDoubts struct{ a ws.Asked }

func (q wsDoubts) Confirm(ctx context.Context, in string) (bool, error) {
	return ws.AskOne[bool](ctx, q.a, "confirm", &in)
}

func (q wsDoubts) Text(ctx context.Context, in string) (string, error) {
	return ws.AskOne[string](ctx, q.a, "text", &in)
}

func asks(s *site, c *ws.Client) doubts {
	return ws.NewAsk(s.Server, func(a ws.Asked) doubts { return wsDoubts{a} }).Client(c)
}

// TestAnswer: a question gets the answer of the function of its event, or a refusal.
func TestAnswer(t *testing.T) {
	logs := &logs{}
	s, c, to := pushing(t, wsclient.Options{Logger: logs.logger()}, ws.Options{})
	ask := asks(s, to)
	_, err := ask.Confirm(within(t), "before anybody answers")
	wantCode(t, err, ws.CodeUnknownEvent)
	off := c.AnswerConfirm(func(_ context.Context, text string) (bool, error) {
		switch text {
		case "refuse":
			return false, ws.NewError("busy", "not now")
		case "fail":
			return false, errors.New("a secret")
		case "nil":
			return false, (*ws.Error)(nil)
		case "panic":
			panic("no answer")
		case "goexit":
			runtime.Goexit()
		case "call":
			_, err := c.Echo(context.Background(), 1)
			return err == nil, err
		}
		return text == "yes", nil
	})
	for text, want := range map[string]string{
		"yes": "true", "no": "false", "call": "true", "refuse": "busy: not now",
		"fail": "internal: internal error", "nil": "internal: internal error", "panic": "internal: internal error", "goexit": "internal: internal error",
	} {
		got, err := ask.Confirm(within(t), text)
		says := fmt.Sprint(got)
		if err != nil {
			says = err.Error()
		}
		if says != want {
			t.Errorf("%s: %s, want %s", text, says, want)
		}
	}
	if !strings.Contains(logs.String(), "a secret") || !strings.Contains(logs.String(), "panic in the Answer of confirm") {
		t.Errorf("the log:\n%s", logs)
	}
	other := c.AnswerConfirm(func(context.Context, string) (bool, error) { return true, nil })
	off() // another has taken its place
	if ok, err := ask.Confirm(within(t), "no"); !ok || err != nil {
		t.Errorf("%v, %v", ok, err)
	}
	other()
	_, err = ask.Confirm(within(t), "after that")
	wantCode(t, err, ws.CodeUnknownEvent)
}

// TestAnswerRefusedHere: an answer that a server would close the connection for is not
// sent, and the server is told why.
func TestAnswerRefusedHere(t *testing.T) {
	s, c, to := pushing(t, wsclient.Options{}, ws.Options{MaxMessageBytes: 1000})
	off := wsclient.Answer(c.Client, "text", func(_ context.Context, text string) (json.RawMessage, error) {
		switch text {
		case "long":
			return json.RawMessage(strconv.Quote(strings.Repeat("x", 1000))), nil
		case "odd":
			return json.RawMessage("\"\xff\""), nil
		}
		return json.RawMessage(`"short"`), nil
	})
	defer off()
	_, err := asks(s, to).Text(within(t), "long")
	wantCode(t, err, ws.CodeTooLarge)
	_, err = asks(s, to).Text(within(t), "odd")
	wantCode(t, err, ws.CodeInternal)
	if got, err := asks(s, to).Text(within(t), "short"); got != "short" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

// TestAnswerEnds: the context of an answer ends when the server does not wait any more,
// when the session is lost, and when the client is closed.
func TestAnswerEnds(t *testing.T) {
	for name, end := range map[string]func(*Chat, *ws.Client, context.CancelFunc){
		"the server does not wait": func(_ *Chat, _ *ws.Client, cancel context.CancelFunc) { cancel() },
		"the session is lost":      func(_ *Chat, to *ws.Client, _ context.CancelFunc) { to.Close(4999, "over") },
		"the client is closed":     func(c *Chat, _ *ws.Client, _ context.CancelFunc) { go c.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			s, c, to := pushing(t, wsclient.Options{Retry: soon}, ws.Options{})
			began, ended := make(chan struct{}), make(chan struct{})
			c.AnswerConfirm(func(ctx context.Context, _ string) (bool, error) {
				close(began)
				<-ctx.Done()
				close(ended)
				return true, ctx.Err()
			})
			ctx, cancel := context.WithCancel(within(t))
			defer cancel()
			asked := make(chan error, 1)
			go func() {
				_, err := asks(s, to).Confirm(ctx, "?")
				asked <- err
			}()
			await(t, "the question", began)
			end(c, to, cancel)
			await(t, "the end of its context", ended)
			if err := await(t, "the end of the question", asked); err == nil {
				t.Error("it was answered")
			}
		})
	}
}

// TestAnswersAtATime: there is a bound on how many questions are answered at a time,
// and a call goes on meanwhile.
func TestAnswersAtATime(t *testing.T) {
	s, c, to := pushing(t, wsclient.Options{}, ws.Options{MaxAsks: 100})
	release := make(chan struct{})
	var now atomic.Int64
	c.AnswerConfirm(func(context.Context, string) (bool, error) {
		now.Add(1)
		<-release
		return true, nil
	})
	said := make(chan error, 100)
	for range cap(said) {
		go func() {
			_, err := asks(s, to).Confirm(within(t), "?")
			said <- err
		}()
	}
	for range cap(said) - 64 {
		wantCode(t, await(t, "a refusal", said), ws.CodeRateLimited)
	}
	eventually(t, "the others are answered", func() bool { return now.Load() == 64 })
	if _, err := c.Echo(within(t), 1); err != nil {
		t.Error(err)
	}
	close(release)
	for range 64 {
		if err := await(t, "an answer", said); err != nil {
			t.Error(err)
		}
	}
}

// soon is a Retry for tests that lose connections.
var soon = wsclient.Retry{Min: time.Millisecond, Max: 20 * time.Millisecond}

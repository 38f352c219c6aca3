package natsbroker

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/wsgen/wsgen/runtime/broker"
)

const (
	replies   = 8192            // answers that may wait
	answering = 5 * time.Second // how long an answer of JetStream is waited for
)

// Why there is no answer.
var (
	errNobody   = errors.New("natsbroker: nobody answers to a subject of JetStream")
	errNoAnswer = fmt.Errorf("natsbroker: no answer of JetStream in %v", answering)
)

// calls are questions to JetStream that wait for answers, by their numbers.
type calls struct {
	subject  string // of the answers, with a dot; the number follows
	messages chan *nats.Msg

	mu     sync.Mutex
	last   uint64
	open   map[uint64]func(*nats.Msg) (more bool) // guarded by mu
	denied chan struct{}                          // guarded by mu; closed when the server does not let a question pass
	why    error                                  // guarded by mu; of that
}

func newCalls() *calls {
	return &calls{
		messages: make(chan *nats.Msg, replies), open: make(map[uint64]func(*nats.Msg) bool), denied: make(chan struct{}),
	}
}

// deny says that the server has not let a question pass. It does not say which.
func (s *calls) deny(why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.why = why
	close(s.denied)
	s.denied = make(chan struct{})
}

// denial returns a channel that is closed by the next deny.
func (s *calls) denial() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.denied
}

// reason returns why a question was denied.
func (s *calls) reason() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return withCure(s.why)
}

// expect has f get the answers to a question, one after the other, until it returns
// false. f does not wait. It may be called once more while forget is.
func (s *calls) expect(f func(*nats.Msg) (more bool)) (number uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	s.open[s.last] = f
	return s.last
}

// forget ends a question.
func (s *calls) forget(number uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, number)
}

// reply returns the subject to which a question is answered.
func (s *calls) reply(number uint64) string { return s.subject + strconv.FormatUint(number, 10) }

// run takes answers, until stop is closed.
func (s *calls) run(stop <-chan struct{}) {
	for {
		select {
		case m := <-s.messages:
			s.take(m)
		case <-stop:
			return
		}
	}
}

func (s *calls) take(m *nats.Msg) {
	number, err := strconv.ParseUint(m.Subject[len(s.subject):], 10, 64)
	if err != nil {
		return
	}
	s.mu.Lock()
	f := s.open[number]
	s.mu.Unlock()
	if f != nil && !f(m) {
		s.forget(number)
	}
}

// status returns the status of an answer that is no message: 204 for the end of
// several, 404, 503 for nobody, and so on; "" is a message.
func status(m *nats.Msg) string {
	if len(m.Header) == 0 {
		return ""
	}
	return m.Header.Get("Status")
}

// isNobody reports whether an answer says that nobody has heard the question.
func isNobody(m *nats.Msg) bool { return len(m.Data) == 0 && status(m) == "503" }

// call puts a question, and returns all answers up to that which is the last.
func (c *conn) call(ctx context.Context, subject string, question []byte, isLast func(*nats.Msg) bool) ([]*nats.Msg, error) {
	var all []*nats.Msg // of whoever calls the function below, until there is something in got
	got := make(chan struct{})
	number := c.calls.expect(func(m *nats.Msg) bool {
		all = append(all, m)
		if !isLast(m) {
			return true
		}
		close(got)
		return false
	})
	defer c.calls.forget(number)
	denied := c.calls.denial()
	if err := c.send(ctx, &nats.Msg{Subject: subject, Reply: c.calls.reply(number), Data: question}); err != nil {
		return nil, err
	}
	t := time.NewTimer(answering)
	defer t.Stop()
	if err := c.await(ctx, got, denied, t.C); err != nil {
		return nil, err
	}
	if isNobody(all[len(all)-1]) {
		return nil, fmt.Errorf("%w: %s", errNobody, subject)
	}
	return all, nil
}

// await waits for an answer, and returns why it does not come.
func (c *conn) await(ctx context.Context, got, denied <-chan struct{}, late <-chan time.Time) error {
	select {
	case <-got:
		return nil
	default:
	}
	select {
	case <-got:
		return nil
	case <-denied:
		return c.calls.reason()
	case <-c.pipe.gone:
		return broker.ErrDown
	case <-c.stop:
		return broker.ErrDown
	case <-c.l.closing.Done():
		return broker.ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	case <-late:
		return errNoAnswer
	}
}

// send publishes a message. It waits while the server does not read.
func (c *conn) send(ctx context.Context, m *nats.Msg) error {
	size := len(m.Subject) + len(m.Reply) + len(m.Data)
	for wait := c.window.take(size); wait != nil; wait = c.window.take(size) {
		if err := c.l.waitFor(ctx, c, wait); err != nil {
			return err
		}
	}
	switch err := c.nc.PublishMsg(m); {
	case err == nil:
		return nil
	case err == nats.ErrMaxPayload:
		return broker.ErrTooLarge
	case c.hasEnded():
		return broker.ErrDown
	default:
		return err
	}
}

package ws_test

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"testing"
	"unicode/utf8"

	ws "github.com/wsgen/wsgen/runtime"
	every "github.com/wsgen/wsgen/runtime/internal/kinds"
	"github.com/wsgen/wsgen/runtime/internal/payload"
)

// TestAskJSON gives the same answers to generated code and to encoding/json, samples
// and what comes of them by changes at random, and wants the same values and the same
// refusals.
func TestAskJSON(t *testing.T) {
	clients := make(chan *ws.Client, 1)
	s := serve(t, ws.Options{}, answering(clients, nil))
	p := s.session(t, "/ws")
	c := <-clients
	own := every.NewQuestionsAsk(s.Server).Client(c)
	std := ws.NewAsk(s.Server, func(a ws.Asked) ws.Asked { return a }).Client(c)
	sameAnswers(p, std, "maps", "maps", own.Maps)
	sameAnswers(p, std, "foreign", "foreign", own.Foreign)
	sameAnswers(p, std, "rows", "rows", own.Rows)
	sameAnswers(p, std, "maybe", "maybe", own.Maybe)
}

// sameAnswers holds ask, which asks for event by generated code, to encoding/json. The
// answers are of a kind, and some are none.
func sameAnswers[R any](p *peer, to ws.Asked, event, kind string, ask func(context.Context) (R, error)) {
	p.t.Helper()
	std := func(ctx context.Context) (R, error) { return ws.AskOne[R](ctx, to, event, nil) }
	samples := append(every.Samples()[kind], `null`, `{}`, `[]`, `1`, `"x"`)
	m := payload.Mutator{Random: rand.New(rand.NewPCG(2, 18))}
	read := 0
	for i := range 100 {
		data := []byte(samples[i%len(samples)])
		if i >= len(samples) {
			data = m.Mutate(data)
		}
		if !json.Valid(data) || !utf8.Valid(data) { // else it may be no answer at all
			continue
		}
		got, why := answeredWith(p, ask, event, data)
		want, because := answeredWith(p, std, event, data)
		if !reflect.DeepEqual(got, want) || why != because {
			p.t.Errorf("%s: %s\ngot  %#v %s\nwant %#v %s", event, data, got, why, want, because)
		}
		if because == "" {
			read++
		}
	}
	if read < len(every.Samples()[kind]) {
		p.t.Errorf("%s: only %d answers were taken", event, read)
	}
}

// answeredWith asks, has the client answer with data, and returns what that is, or the
// refusal.
func answeredWith[R any](p *peer, ask func(context.Context) (R, error), event string, data []byte) (answer R, refusal string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), patience)
	defer cancel()
	over := make(chan error, 1)
	go func() {
		var err error
		answer, err = ask(ctx)
		over <- err
	}()
	var question struct{ ID string }
	if err := json.Unmarshal([]byte(p.next()), &question); err != nil {
		p.t.Fatal(err)
	}
	p.send(`{"event":%q,"id":%q,"data":%s}`, event, question.ID, data)
	if err := <-over; err != nil {
		refusal = outcome(answer, err)
	}
	return answer, refusal
}

package wsclient_test

import (
	"context"
	"encoding/json"

	wsclient "github.com/wsgen/wsgen/runtime/client"
)

// This file is the user of a stage, as who answers questions and brings tokens.

// asking is a question, which waits for the user.
type asking struct {
	data     json.RawMessage
	reply    chan json.RawMessage
	unwanted <-chan struct{} // closed when nobody waits for the reply
}

// answers has the user asked what the server asks by "confirm".
func (s *stage) answers() {
	wsclient.Answer(s.c, "confirm", func(ctx context.Context, data json.RawMessage) (json.RawMessage, error) {
		x := asking{data, make(chan json.RawMessage, 1), ctx.Done()}
		s.questions <- x
		select {
		case answer := <-x.reply:
			return answer, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	})
}

func (s *stage) asked(want string) string {
	select {
	case s.question = <-s.questions:
		return same(want, string(s.question.data))
	default:
		return "nothing was asked"
	}
}

func (s *stage) unasked(string) string {
	select {
	case <-s.question.unwanted:
		return ""
	default:
		return "the answer is still wanted"
	}
}

func (s *stage) replies(answer string) string {
	s.question.reply <- json.RawMessage(answer)
	return ""
}

// refresh has the user send a new token.
func (s *stage) refresh(name string) string {
	x, ctx := s.begin(name)
	go func() { x.returned(json.RawMessage("null"), s.c.Refresh(ctx)) }()
	return ""
}

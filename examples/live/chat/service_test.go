package chat_test

import (
	"slices"
	"testing"

	"github.com/wsgen/wsgen/examples/live/chat"
	"github.com/wsgen/wsgen/runtime/wstest"
)

// fakeEvents stands for the clients in a test of a service: the push interface is the package's own.
type fakeEvents struct{ sent *[]any }

func (f fakeEvents) Message(m chat.ChatMessage) (int, error) {
	*f.sent = append(*f.sent, m)
	return 1, nil
}

func (f fakeEvents) Typing(t chat.Typing) error {
	*f.sent = append(*f.sent, t)
	return nil
}

func TestRecordStoresAndAnnounces(t *testing.T) {
	var sent []any
	lines := wstest.NewPush(chat.NewLinesPush)
	service := chat.NewRoomService(fakeEvents{&sent}, lines.Push)
	want := chat.ChatMessage{Author: "ada", Text: "hi", User: "ann"}
	if got, err := service.Record(chat.SendMessage{Author: "ada", Text: "hi"}, "ann"); got != want || err != nil {
		t.Fatalf("Record: %v, %v", got, err)
	}
	if !slices.Equal(sent, []any{want}) {
		t.Fatalf("sent %v", sent)
	}
	lines.Expect(t, wstest.Pushed{To: wstest.Room(chat.Book), Event: "recorded", Data: want})
	history := service.History()
	history[0].Text = "changed"
	if got := service.History(); !slices.Equal(got, []chat.ChatMessage{want}) {
		t.Fatalf("the history is shared with its readers: %v", got)
	}
}

// TestAdopt checks that a node takes the history of another once, also when the newest of it has come before.
func TestAdopt(t *testing.T) {
	for name, c := range map[string]struct{ has, gets, want string }{
		"nothing yet":                   {"", "abc", "abc"},
		"the newest":                    {"c", "abc", "abc"},
		"some of it, and what is newer": {"bcde", "abc", "abcde"},
		"all of it":                     {"abc", "abc", "abc"},
		"nothing of it":                 {"xy", "abc", "xy"},
		"all of it, and the other less": {"abc", "b", "abc"},
		"of one who has none":           {"abc", "", "abc"},
	} {
		t.Run(name, func(t *testing.T) {
			service := chat.NewRoomService(fakeEvents{new([]any)}, wstest.NewPush(chat.NewLinesPush).Push)
			for _, text := range c.has {
				service.Store(chat.ChatMessage{Text: string(text)})
			}
			var gets []chat.ChatMessage
			for _, text := range c.gets {
				gets = append(gets, chat.ChatMessage{Text: string(text)})
			}
			service.Adopt(gets)
			got := ""
			for _, m := range service.History() {
				got += m.Text
			}
			if got != c.want {
				t.Errorf("it has %q and gets %q: %q, want %q", c.has, c.gets, got, c.want)
			}
		})
	}
}

package chat_test

import (
	"errors"
	"testing"

	"github.com/wsgen/wsgen/examples/live/chat"
	ws "github.com/wsgen/wsgen/runtime"
)

func TestFullOrderQueueRefuses(t *testing.T) {
	queue := chat.NewOrderQueue()
	for range 64 {
		if err := queue.Put(chat.Order{}); err != nil {
			t.Fatal(err)
		}
	}
	err := queue.Put(chat.Order{})
	if e, ok := errors.AsType[*ws.Error](err); !ok || e.Code != ws.CodeUnavailable {
		t.Fatalf("a full queue returned %v, want code unavailable", err)
	}
}

package wsclient_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http/httptest"

	ws "github.com/wsgen/wsgen/runtime"
	wsclient "github.com/wsgen/wsgen/runtime/client"
)

// exampleServer serves a gateway at /ws, as a program that wsgen has generated for does.
func exampleServer() (url string, stop func()) {
	server := ws.NewServer(ws.Options{})
	gateway := gateway{on: map[string]handler{
		"say": inline(func(c *ws.Call) error {
			var m Message
			if err := c.Decode(&m); err != nil {
				return err
			}
			if m.Text == "" {
				return ws.NewError(ws.CodeValidationFailed, "say something")
			}
			if _, err := server.Broadcast("message", m); err != nil {
				return err
			}
			return c.Reply(&m)
		}),
		"count": stream(func(c *ws.Call) error {
			var n int
			if err := c.Decode(&n); err != nil {
				return err
			}
			return ws.Stream(c, func(yield func(int) bool) {
				for i := range n {
					if !yield(i) {
						return
					}
				}
			})
		}),
	}}
	http := httptest.NewServer(ws.NewRouter(gateway.endpoint(server)))
	return http.URL, func() {
		_ = server.Shutdown(context.Background())
		http.Close()
	}
}

// Chat and DialChat are what wsgen generates: a type with methods for a gateway.
func Example() {
	url, stop := exampleServer()
	defer stop()
	ctx := context.Background()
	chat, err := DialChat(ctx, url, wsclient.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer chat.Close()

	told := make(chan Message)
	off := chat.OnMessage(func(m Message) { told <- m })
	defer off()
	stored, err := chat.Say(ctx, Message{Author: "ann", Text: "hello"})
	fmt.Println(stored, err)
	fmt.Println(<-told)

	_, err = chat.Say(ctx, Message{Author: "ann"})
	var refusal *ws.Error
	if errors.As(err, &refusal) {
		fmt.Println(refusal.Code, refusal.Message)
	}

	for n, err := range chat.Count(ctx, 1_000_000) {
		if err != nil {
			log.Fatal(err)
		}
		if n == 2 {
			break // the server stops counting
		}
		fmt.Println(n)
	}
	// Output:
	// {ann hello} <nil>
	// {ann hello}
	// validation_failed say something
	// 0
	// 1
}

// What pushes have told is loaded anew when a session was lost, and only then.
func ExampleOptions() {
	url, stop := exampleServer()
	defer stop()
	open := make(chan string, 1)
	chat, err := DialChat(context.Background(), url, wsclient.Options{
		Token: func(context.Context) (string, error) { return "of today", nil },
		OnOpen: func(o wsclient.Opened) {
			if o.Resumed {
				open <- "nothing is missing"
			} else {
				open <- "load what pushes have told"
			}
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer chat.Close()
	fmt.Println(<-open)
	// Output: load what pushes have told
}

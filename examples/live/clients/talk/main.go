// Command talk talks in the live demo from a terminal, by the client that wsgen writes of its chat, package
// liveclient:
//
//	go run ./examples/live/clients/talk [-url http://127.0.0.1:3004] [-name Go]
//
// It prints what is said, and says what it reads.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"

	"github.com/wsgen/wsgen/examples/live/clients/liveclient"
	ws "github.com/wsgen/wsgen/runtime"
	wsclient "github.com/wsgen/wsgen/runtime/client"
)

func main() {
	url := flag.String("url", "http://127.0.0.1:3004", "where the demo is")
	name := flag.String("name", "Go", "who talks")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := talk(ctx, *url, *name, os.Stdin); err != nil {
		log.Fatal(err)
	}
}

// talk says each line of in, until it ends.
func talk(ctx context.Context, url, name string, in io.Reader) error {
	opened := make(chan wsclient.Opened, 1)
	chat, err := liveclient.DialChat(ctx, url, wsclient.Options{
		OnOpen: func(o wsclient.Opened) {
			select {
			case opened <- o:
			default:
			}
		},
		OnState: func(s wsclient.State, cause *ws.Closed) {
			if cause != nil {
				log.Printf("%s: %d %s", s, cause.Code, cause.Reason)
			}
		},
	})
	if err != nil {
		return err
	}
	defer chat.Close()
	chat.OnMessage(show)
	go greet(ctx, chat, name, opened)
	for lines := bufio.NewScanner(in); lines.Scan(); {
		_, err := chat.Message(ctx, liveclient.SendMessage{Author: name, Text: lines.Text()})
		if refusal, ok := errors.AsType[*ws.Error](err); ok {
			log.Printf("not said: %s (%s)", refusal.Message, refusal.Code)
		} else if err != nil {
			return err
		}
	}
	return nil
}

// greet introduces the program to each session, and prints what was said before. One that goes on has
// missed nothing.
func greet(ctx context.Context, chat *liveclient.Chat, name string, opened <-chan wsclient.Opened) {
	for {
		select {
		case <-chat.Done():
			return
		case o := <-opened:
			if o.Resumed {
				continue
			}
		}
		if err := chat.Hello(ctx, liveclient.Hello{Name: name}); err != nil {
			log.Print(err)
			continue
		}
		for page, err := range chat.HistoryPages(ctx, 50) {
			if err != nil {
				log.Print(err)
				break
			}
			for _, m := range page {
				show(m)
			}
		}
	}
}

func show(m liveclient.ChatMessage) { fmt.Printf("%s: %s\n", m.Author, m.Text) }

// Command desk is a trading desk: chat and inboxes, a market, and a console.
package main

import (
	"fmt"
	"net"
	"net/http"
	"os"

	"example.com/desk/app"
	ws "github.com/wsgen/wsgen/runtime"
)

func main() {
	desk, cleanup, err := app.New(ws.Options{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer cleanup()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(listener.Addr())
	_ = http.Serve(listener, desk.Handler())
}

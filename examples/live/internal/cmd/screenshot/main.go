// Command screenshot starts the application, lets two people talk in it, and writes what one of
// them sees as PNG to the file that is its argument.
package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/wsgen/wsgen/examples/live/app"
	"github.com/wsgen/wsgen/examples/live/internal/browser"
	ws "github.com/wsgen/wsgen/runtime"
)

// The picture is for a README: these make it wide enough for all three columns, and sharp on dense
// screens.
const (
	width, height = 1440, 940
	scale         = 1.5
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: screenshot FILE.png")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "screenshot:", err)
		os.Exit(1)
	}
}

func run(file string) error {
	chromium, err := browser.Find()
	if err != nil {
		return err
	}
	profile, err := os.MkdirTemp("", "screenshot")
	if err != nil {
		return err
	}
	defer os.RemoveAll(profile)
	url, stop, err := serve()
	if err != nil {
		return err
	}
	defer stop()
	b, err := browser.Start(chromium, profile)
	if err != nil {
		return err
	}
	defer b.Close()
	picture, err := take(b, url)
	if err != nil {
		return err
	}
	return os.WriteFile(file, picture, 0o644)
}

// serve runs the application on a free port until stop.
func serve() (url string, stop func(), err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	application := app.New(ws.Options{})
	server := &http.Server{Handler: application.Handler(), ReadHeaderTimeout: 5 * time.Second}
	ctx, cancel := context.WithCancel(context.Background())
	go application.Run(ctx)
	go func() { _ = server.Serve(listener) }()
	return "http://" + listener.Addr().String(), func() {
		cancel()
		_ = application.Router.Shutdown(ctx)
		_ = server.Close()
	}, nil
}

// take plays the scene and returns the picture.
func take(b *browser.Browser, url string) ([]byte, error) {
	ada, err := b.Page(url)
	if err != nil {
		return nil, err
	}
	grace, err := b.Page(url)
	if err != nil {
		return nil, err
	}
	for _, page := range []*browser.Page{ada, grace} {
		if err := page.View(width, height, scale, false); err != nil {
			return nil, err
		}
	}
	for _, s := range scene(ada, grace) {
		if err := s(); err != nil {
			return nil, err
		}
	}
	return ada.Screenshot()
}

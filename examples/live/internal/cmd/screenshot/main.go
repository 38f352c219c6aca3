// Command screenshot starts the application, lets people talk in it, and writes what one of them sees to the
// folder that is its argument: live.png, and nodes.png of one that runs on three nodes.
package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/wsgen/wsgen/examples/live/app"
	"github.com/wsgen/wsgen/examples/live/internal/browser"
	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/broker/memory"
)

// The pictures are for a README and the guide: these make them wide enough for all three columns, and sharp
// on dense screens.
const (
	width, height = 1440, 940
	scale         = 1.5
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: screenshot FOLDER")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "screenshot:", err)
		os.Exit(1)
	}
}

func run(folder string) error {
	chromium, err := browser.Find()
	if err != nil {
		return err
	}
	profile, err := os.MkdirTemp("", "screenshot")
	if err != nil {
		return err
	}
	defer os.RemoveAll(profile)
	b, err := browser.Start(chromium, profile)
	if err != nil {
		return err
	}
	defer b.Close()
	for _, p := range pictures {
		picture, err := p.take(b)
		if err != nil {
			return fmt.Errorf("%s: %w", p.file, err)
		}
		if err := os.WriteFile(filepath.Join(folder, p.file), picture, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// picture is a scene, and on how many nodes two people play it. The first of them sees what is shown.
type picture struct {
	file  string
	nodes int
	scene func(ada, grace *browser.Page) []step
}

// take plays the scene and returns the picture. Each has a page at a node of their own, if there are several.
func (p picture) take(b *browser.Browser) ([]byte, error) {
	urls, stop, err := serve(p.nodes)
	if err != nil {
		return nil, err
	}
	defer stop()
	var pages []*browser.Page
	for i := range 2 {
		page, err := b.Page(urls[i%len(urls)])
		if err != nil {
			return nil, err
		}
		defer page.Close()
		if err := page.View(width, height, scale, false); err != nil {
			return nil, err
		}
		pages = append(pages, page)
	}
	for _, s := range p.scene(pages[0], pages[1]) {
		if err := s(); err != nil {
			return nil, err
		}
	}
	return pages[0].Screenshot()
}

// serve runs the application on free ports until stop: alone, or as so many nodes, whose engine is in this
// process.
func serve(nodes int) (urls []string, stop func(), err error) {
	var stops []func()
	stop = func() {
		for _, stop := range stops {
			stop()
		}
	}
	engine := memory.New()
	for range nodes {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			stop()
			return nil, nil, err
		}
		var o ws.Options
		if nodes > 1 {
			o.Cluster = ws.Cluster{Broker: engine, Node: listener.Addr().String(), Heartbeat: time.Second}
		}
		application := app.NewNode(o, nil)
		server := &http.Server{Handler: application.Handler(), ReadHeaderTimeout: 5 * time.Second}
		ctx, cancel := context.WithCancel(context.Background())
		go application.Run(ctx)
		go func() { _ = server.Serve(listener) }()
		urls = append(urls, "http://"+listener.Addr().String())
		stops = append(stops, func() {
			cancel()
			_ = application.Router.Shutdown(ctx)
			_ = server.Close()
		})
	}
	return urls, stop, nil
}

package main

import (
	"go/parser"
	"go/token"
	"strings"
	"testing"
)

// source is an options.go as small as it may be.
const source = `package ws

type Options struct {
	// Logger is told. Default: slog.Default(). Per Server.
	Logger *slog.Logger
	// Frames and Bytes bound the queue. Default 256 frames and 64 KiB, since
	// more is too much.
	Frames int
	Bytes int
	// Timeout is how long. Default 5 s.
	Timeout time.Duration
}

const defaultTimeout = 5 * time.Second

func (o Options) resolved() Options {
	number(&o.Frames, 256)
	number(&o.Bytes, 64<<10)
	duration(&o.Timeout, defaultTimeout)
	return o
}

func (o *Options) keepServers(of *Options) { o.Logger = of.Logger }
`

func TestReadOptions(t *testing.T) {
	for _, c := range []struct{ name, old, new, fails string }{
		{name: "as it should be"},
		{"another constant", "5 * time.Second", "6 * time.Second", "Timeout: the comment does not say that the default is 6 s"},
		{"another size", "64<<10", "32<<10", "Bytes: the comment does not say that the default is 32 KiB"},
		{"no default", "Default: slog.Default(). ", "", "Logger: the comment does not say"},
		{"a gateway may set it", "o.Logger = of.Logger", "", "Logger: the comment ends with"},
		{"it does not say that it is the Server's", " Per Server.", "", "Logger: the comment ends with"},
	} {
		t.Run(c.name, func(t *testing.T) {
			file, err := parser.ParseFile(token.NewFileSet(), "options.go", strings.ReplaceAll(source, c.old, c.new), parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			got, err := readOptions(file)
			if c.fails != "" {
				if err == nil || !strings.Contains(err.Error(), c.fails) {
					t.Errorf("%v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var said []string
			for _, o := range got {
				said = append(said, o.name+" "+o.unit()+" "+o.value)
			}
			if got := strings.Join(said, ", "); got != "Logger – slog.Default(), Frames number 256, Bytes bytes 64 KiB, Timeout time 5 s" {
				t.Error(got)
			}
		})
	}
}

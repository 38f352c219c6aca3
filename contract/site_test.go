package contract_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// site is one board, served behind a line, for one behaviour.
type site struct {
	board  *board
	line   *line
	wants  bool          // a token
	ends   bool          // sessions end with their sockets
	ping   time.Duration // so often; 0: as by default
	secure *tls.Config   // it is served over TLS; nil: it is not
	server *ws.Server
	web    *http.Server
	ended  sync.WaitGroup // Shutdowns
	mu     sync.Mutex     // held by do
}

// sites makes sites, and does to them what scripts ask for over HTTP:
//
//	POST /sites?token=yes&ping=50ms           a new one, all of it optional: its number and address;
//	                                          history=5 keeps so many ticks of each room, front=yes has
//	                                          who connects follow the room front, and noresume=yes ends
//	                                          sessions with their sockets
//	POST /sites/3/cut                         its connections are reset
//	POST /sites/3/block, /open                new connections are reset; not any more
//	POST /sites/3/mute                        what clients send is swallowed until the next cut
//	POST /sites/3/release                     handlers that hold go on
//	POST /sites/3/leave                       another server takes over, and this one shuts down in peace
//	POST /sites/3/crash                       another server takes over, and this one is gone at once
//	POST /sites/3/tick?from=1&to=9            is pushed to everyone
//	POST /sites/3/keep?room=front&from=1&to=9 is pushed to a room, and kept there
//	POST /sites/3/detached                    is answered by how many sessions have no socket
//	POST /sites/3/ponged                      is answered by the count in the last Pong
type sites struct {
	secure *tls.Config // of each; nil: they are served over TCP
	mu     sync.Mutex
	all    []*site
}

// serveSites serves them to scripts, and ends them with the test.
func serveSites(t *testing.T, more http.Handler) (url string) {
	t.Helper()
	return (&sites{}).start(t, more)
}

// serveSecureSites serves sites over TLS. Their clients have to trust a certificate, which
// is in a file.
func serveSecureSites(t *testing.T) (url, certificate string) {
	t.Helper()
	made := httptest.NewTLSServer(nil) // it has one for 127.0.0.1
	defer made.Close()
	certificate = filepath.Join(t.TempDir(), "certificate.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: made.Certificate().Raw})
	if err := os.WriteFile(certificate, text, 0o600); err != nil {
		t.Fatal(err)
	}
	all := &sites{secure: &tls.Config{Certificates: made.TLS.Certificates}}
	return all.start(t, nil), certificate
}

// start serves them, and ends them with the test.
func (all *sites) start(t *testing.T, more http.Handler) (url string) {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /sites", all.create)
	mux.HandleFunc("POST /sites/{site}/{what}", all.do)
	if more != nil {
		mux.Handle("/", more)
	}
	control := httptest.NewServer(mux)
	t.Cleanup(func() {
		control.CloseClientConnections()
		control.Close()
		for _, s := range all.all {
			s.close()
		}
	})
	return control.URL
}

func (all *sites) create(w http.ResponseWriter, r *http.Request) {
	s := &site{board: newBoard(), wants: r.FormValue("token") != "", secure: all.secure}
	s.ping, _ = time.ParseDuration(r.FormValue("ping"))
	s.board.size, _ = strconv.Atoi(r.FormValue("history"))
	s.board.front, s.ends = r.FormValue("front") != "", r.FormValue("noresume") != ""
	addr, err := s.serve()
	if err == nil {
		s.line, err = newLine(addr, s.secure != nil)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	all.mu.Lock()
	all.all = append(all.all, s)
	number := len(all.all) - 1
	all.mu.Unlock()
	scheme := "ws://"
	if s.secure != nil {
		scheme = "wss://"
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"id": number, "url": scheme + s.line.addr()})
}

func (all *sites) do(w http.ResponseWriter, r *http.Request) {
	all.mu.Lock()
	number, err := strconv.Atoi(r.PathValue("site"))
	if err != nil || number >= len(all.all) {
		all.mu.Unlock()
		http.Error(w, "no such site", http.StatusNotFound)
		return
	}
	s := all.all[number]
	all.mu.Unlock()
	switch r.PathValue("what") {
	case "ponged":
		s.line.set(func(l *line) { fmt.Fprint(w, l.ponged) })
		return
	case "detached":
		s.mu.Lock()
		defer s.mu.Unlock()
		fmt.Fprint(w, s.server.Stats().Detached)
		return
	}
	if err := s.do(r.PathValue("what"), r); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
}

func (s *site) do(what string, r *http.Request) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch what {
	case "cut":
		s.line.set(func(l *line) { l.mute = false })
		s.line.cut()
	case "block":
		s.line.set(func(l *line) { l.blocked = true })
	case "open":
		s.line.set(func(l *line) { l.blocked = false })
	case "mute":
		s.line.set(func(l *line) { l.mute = true })
	case "release":
		s.board.letGo()
	case "leave":
		return s.replace(10 * time.Second)
	case "crash":
		return s.replace(0)
	case "tick":
		return ticks(r, func(n int) (int, error) { return s.server.Broadcast("tick", n) })
	case "keep":
		room := s.board.kept(s.server).In(r.FormValue("room"))
		return ticks(r, func(n int) (int, error) { return room.Emit("tick", n) })
	default:
		return fmt.Errorf("nobody knows %s", what)
	}
	return nil
}

// ticks pushes the numbers that a request asks for.
func ticks(r *http.Request, push func(n int) (int, error)) error {
	from, _ := strconv.Atoi(r.FormValue("from"))
	to, _ := strconv.Atoi(r.FormValue("to"))
	for n := from; n <= to; n++ {
		if _, err := push(n); err != nil {
			return err
		}
	}
	return nil
}

// serve begins a server for the board, and returns its address.
func (s *site) serve() (string, error) {
	s.server = ws.NewServer(ws.Options{
		InsecureSkipOriginCheck: true, // pages of another port
		Logger:                  slog.New(slog.DiscardHandler),
		DisconnectTimeout:       time.Second,
		PingInterval:            s.ping,
		OutboxFrames:            1024,
		ResumeFrames:            1024,
		NoResume:                s.ends,
	})
	var guards []ws.ConnGuard
	if s.wants {
		guards = append(guards, doorman{})
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	web := &http.Server{Handler: ws.NewRouter(s.board.endpoint(s.server, guards...)), ReadHeaderTimeout: 10 * time.Second}
	s.web = web
	serve := web.Serve
	if s.secure != nil {
		web.TLSConfig = s.secure.Clone()
		web.ErrorLog = log.New(io.Discard, "", 0) // of handshakes that are cut
		serve = func(l net.Listener) error { return web.ServeTLS(l, "", "") }
	}
	s.ended.Go(func() { _ = serve(listener) }) // until it is closed
	return listener.Addr().String(), nil
}

// replace has another server take over; this one may take so long to end.
func (s *site) replace(within time.Duration) error {
	old, web := s.server, s.web
	addr, err := s.serve()
	if err != nil {
		return err
	}
	s.line.set(func(l *line) { l.to = addr })
	if within == 0 {
		s.line.cut()
	}
	s.ended.Go(func() { end(old, web, within) })
	return nil
}

func end(server *ws.Server, web *http.Server, within time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	_ = server.Shutdown(ctx) // what is left is cut
	_ = web.Close()
}

func (s *site) close() {
	s.line.close()
	end(s.server, s.web, 0)
	s.ended.Wait()
}

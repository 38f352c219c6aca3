package ws_test

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// exchange is an example of the protocol's page: a connection from its
// handshake, which may be left out, to its end, or to where the example ends.
type exchange struct {
	at     int // its first line in the page
	text   string
	within time.Duration // how long it may take; 0 is patience
}

// dialogue carries out an exchange.
type dialogue struct {
	t    *testing.T
	site *site
	peer *peer

	within time.Duration
	lines  []string
	i      int // the line at hand
	over   bool
	ours   bool // a Close was sent
}

// carryOut sends the exchange's frames and compares the answers. The error
// begins with the line.
func (e exchange) carryOut(t *testing.T, s *site) error {
	t.Helper()
	k := &dialogue{t: t, site: s, within: cmp.Or(e.within, patience), lines: strings.Split(strings.TrimSuffix(e.text, "\n"), "\n")}
	err := k.all()
	if err != nil {
		return fmt.Errorf("%d: %w", e.at+min(k.i, len(k.lines)-1), err)
	}
	return nil
}

func (k *dialogue) all() error {
	conn, err := net.Dial("tcp", k.site.http.Listener.Addr().String())
	if err != nil {
		return err
	}
	k.t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(k.within)); err != nil {
		return err
	}
	k.peer = &peer{t: k.t, conn: conn, r: bufio.NewReader(conn)}
	if strings.HasSuffix(k.lines[0], " HTTP/1.1") {
		if err := k.handshake(); err != nil || k.over {
			return err
		}
	} else {
		p, refused := handshake(k.t, conn, "desk.example", "/desk", "Authorization: Bearer ann")
		if p == nil {
			return errors.New(refused.String())
		}
		k.peer = p
		_ = conn.SetDeadline(time.Now().Add(k.within))
	}
	for ; k.i < len(k.lines); k.i++ {
		if err := k.line(k.lines[k.i]); err != nil {
			return err
		}
	}
	return k.silence()
}

// part takes the lines from the one at hand to the empty one, without their mark.
func (k *dialogue) part(mark string) (lines []string, err error) {
	for ; k.i < len(k.lines); k.i++ {
		line, ok := strings.CutPrefix(k.lines[k.i], mark)
		if !ok {
			return nil, fmt.Errorf("%q in the middle of a head", k.lines[k.i])
		}
		if line == "" {
			k.i++
			return lines, nil
		}
		lines = append(lines, strings.TrimPrefix(line, " "))
	}
	return nil, errors.New("a head has no end")
}

// handshake sends the request of the exchange and compares the answer: status,
// headers and body. What HTTP adds by itself is left out.
func (k *dialogue) handshake() error {
	request, err := k.part(">")
	if err != nil {
		return err
	}
	k.peer.raw([]byte(strings.Join(request, "\r\n") + "\r\n\r\n"))
	from := k.i
	want, err := k.part("<")
	if err != nil {
		return err
	}
	answer, err := http.ReadResponse(k.peer.r, nil)
	if err != nil {
		return err
	}
	got := []string{answer.Proto + " " + answer.Status}
	for name, values := range answer.Header {
		if name = spelled(name); name != "Date" && name != "Content-Length" {
			got = append(got, name+": "+strings.Join(values, ", "))
		}
	}
	slices.Sort(got[1:])
	slices.Sort(want[1:])
	if !slices.Equal(got, want) {
		k.i = from
		return fmt.Errorf("the head is\n%s\nand not\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if answer.StatusCode == http.StatusSwitchingProtocols {
		return nil
	}
	k.over = true
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	var lines []string
	for _, line := range k.lines[k.i:] {
		lines = append(lines, strings.TrimPrefix(line, "< "))
	}
	if text := strings.Join(lines, "\n"); !answersLike(text, strings.TrimSpace(string(body))) {
		return fmt.Errorf("the body is\n%s\nand not\n%s", body, text)
	}
	return nil
}

// spelled returns a header's name as the standard writes it.
func spelled(name string) string {
	name = strings.Replace(name, "Websocket", "WebSocket", 1)
	return strings.Replace(name, "Www-", "WWW-", 1)
}

func (k *dialogue) line(line string) error {
	mark, rest, _ := strings.Cut(line, " ")
	switch {
	case mark == ">" && !k.ours:
		return k.send(rest)
	case mark == "<" && !k.over:
		return k.receive(rest)
	case mark == "*":
		return k.happen(rest)
	}
	return fmt.Errorf("this cannot stand here: %q", line)
}

func (k *dialogue) send(what string) error {
	kind, rest, _ := strings.Cut(what, " ")
	var b []byte
	switch {
	case strings.HasPrefix(what, "{"):
		b = frame(text, []byte(what))
	case kind == "text":
		b = frame(text, []byte(rest))
	case kind == "binary":
		b = frame(binari, []byte(rest))
	case kind == "Ping":
		b = frame(ping, []byte(rest))
	case kind == "Close":
		payload, err := closePayload(rest)
		if err != nil {
			return err
		}
		b, k.ours = frame(closes, payload), true
	case kind == "bytes":
		bare, err := hex.DecodeString(strings.ReplaceAll(rest, " ", ""))
		if err != nil {
			return err
		}
		b = bare
	default:
		return fmt.Errorf("there is no frame %q", what)
	}
	_, err := k.peer.conn.Write(b)
	return err
}

func closePayload(text string) ([]byte, error) {
	code, reason, _ := strings.Cut(text, " ")
	n, err := strconv.ParseUint(code, 10, 16)
	return append(binary.BigEndian.AppendUint16(nil, uint16(n)), reason...), err
}

// shown returns a frame as the page writes it.
func shown(first byte, payload []byte) string {
	switch first {
	case text:
		return string(payload)
	case pong:
		return "Pong " + string(payload)
	case closes:
		if len(payload) < 2 {
			return "Close"
		}
		return strings.TrimSuffix(fmt.Sprintf("Close %d %s", binary.BigEndian.Uint16(payload), payload[2:]), " ")
	}
	return fmt.Sprintf("a frame %#x %q", first, payload)
}

func (k *dialogue) receive(want string) error {
	first, payload, err := k.peer.read()
	if err != nil {
		return fmt.Errorf("there comes nothing, %w, and not\n%s", err, want)
	}
	k.over = first == closes
	if got := shown(first, payload); !answersLike(want, got) {
		return fmt.Errorf("there comes\n%s\nand not\n%s", got, want)
	}
	return nil
}

// answersLike reports whether got is want, in which … is any text.
func answersLike(want, got string) bool {
	parts := strings.Split(want, "…")
	rest, ok := strings.CutPrefix(got, parts[0])
	for _, part := range parts[1:] {
		at := strings.Index(rest, part)
		if part == "" {
			at = len(rest)
		}
		if !ok || at < 0 {
			return false
		}
		rest = rest[at+len(part):]
	}
	return ok && rest == ""
}

// silence reads what follows an exchange: the end of the connection if it was
// closed, which the client does its part in, and else nothing.
func (k *dialogue) silence() error {
	switch {
	case k.over && !k.ours:
		_, _ = k.peer.conn.Write(frame(closes, []byte{3, 232})) // the server may be gone already
	case !k.over && k.ours:
		return errors.New("the Close has no answer")
	case !k.over:
		k.peer.raw(frame(ping, []byte("nothing else?")))
		if first, payload, err := k.peer.read(); err != nil || first != pong || !bytes.Equal(payload, []byte("nothing else?")) {
			return fmt.Errorf("there comes more: %s, %v", shown(first, payload), err)
		}
		return nil
	}
	if first, payload, err := k.peer.read(); !gone(err) {
		return fmt.Errorf("the connection does not end: %s, %v", shown(first, payload), err)
	}
	return nil
}

// gone reports whether an error says that the server has closed the socket.
func gone(err error) bool {
	return errors.Is(err, io.EOF) || err != nil && strings.Contains(err.Error(), "reset")
}

// happen has the server do what the page says.
func (k *dialogue) happen(what string) error {
	switch what {
	case "the token expires", "half a second passes":
		return nil // the Close is waited for
	case "the server shuts down":
		k.shutdown()
		return nil
	case "the server begins to shut down":
		if refused, err := k.probe(); err != nil || refused { // now it has all frames before the probe
			return fmt.Errorf("the server takes nothing: %v", err)
		}
		k.shutdown()
		return k.untilRefused()
	}
	return fmt.Errorf("nobody knows how to do this: %q", what)
}

func (k *dialogue) shutdown() {
	done := make(chan error, 1)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	go func() { done <- k.site.Shutdown(ctx) }()
	k.t.Cleanup(func() {
		_ = k.peer.conn.Close()
		if err := <-done; err != nil {
			k.t.Error(err)
		}
		cancel()
	})
}

// untilRefused sends messages until the server takes none any more.
func (k *dialogue) untilRefused() error {
	for {
		if refused, err := k.probe(); err != nil || refused {
			return err
		}
	}
}

// probe sends a message that the example does not show, and reports whether the
// server, about to close, refuses it.
func (k *dialogue) probe() (refused bool, err error) {
	if err := k.send(`{"event":"echo","id":"probe"}`); err != nil {
		return false, err
	}
	first, payload, err := k.peer.read()
	switch got := shown(first, payload); {
	case err != nil:
		return false, err
	case strings.Contains(got, `"unavailable"`):
		return true, nil
	case got != `{"event":"echo","id":"probe","data":null}`:
		return false, fmt.Errorf("there comes\n%s", got)
	}
	return false, nil
}

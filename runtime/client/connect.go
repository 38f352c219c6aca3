package wsclient

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// addressOf returns the address of a handshake.
func addressOf(address, path string) (*url.URL, error) {
	if !strings.Contains(address, "://") {
		return nil, errors.New("wsclient: the address of a server begins with ws://, wss://, http:// or https://, as https://example.com does: this one has no ://")
	}
	at, err := url.Parse(address)
	if err != nil {
		return nil, steady.Wrap("wsclient: the address of the server", err)
	}
	switch at.Scheme {
	case "ws", "wss":
	case "http", "https":
		at.Scheme = "ws" + strings.TrimPrefix(at.Scheme, "http")
	default:
		return nil, errors.New("wsclient: the address of a server begins with ws://, wss://, http:// or https://, and not with " + at.Scheme + "://")
	}
	if at.Hostname() == "" {
		return nil, errors.New("wsclient: the address of the server names no host: " + at.Redacted())
	}
	if at.Path == "" {
		at.Path = "/" // JoinPath would make a relative one
	}
	if at = at.JoinPath(path); !strings.HasSuffix(at.EscapedPath(), path) {
		return nil, errors.New("wsclient: the path of the gateway must be escaped, and must not be changed by its dots: " + path)
	}
	return at, nil
}

// connect makes a socket and its handshake, until ctx ends.
func (c *Client) connect(ctx context.Context, to hearer) (*socket, error) {
	conn, raw, err := c.dial(ctx)
	if err != nil {
		return nil, err
	}
	s := newSocket(conn, raw, to)
	stop := context.AfterFunc(ctx, s.cut)
	res, err := s.shake(c.address.String(), c.header(), c.o.MaxBytes)
	refused := err != nil && res != nil && res.StatusCode != http.StatusSwitchingProtocols
	if refused {
		err = refusedBy(res)
	}
	if !stop() && !refused { // the time is up, and the connection cut
		err = context.Cause(ctx)
	}
	if err != nil {
		s.cut()
		return nil, err
	}
	return s, nil
}

// dial makes the connection, with TLS if the address says so. raw is what is under it.
func (c *Client) dial(ctx context.Context) (conn, raw net.Conn, err error) {
	host, port := c.address.Hostname(), c.address.Port()
	secure := c.address.Scheme == "wss"
	if port == "" && secure {
		port = "443"
	} else if port == "" {
		port = "80"
	}
	failed := steady.Apart("Options.Dial", func() { raw, err = c.o.Dial(ctx, "tcp", net.JoinHostPort(host, port)) })
	switch {
	case failed != nil:
		return nil, nil, failed
	case err != nil:
		return nil, nil, err
	case raw == nil:
		return nil, nil, errors.New("wsclient: Options.Dial has returned no connection, and no error")
	}
	raw = steady.Conn(raw, nil)
	if !secure {
		return raw, raw, nil
	}
	config := c.o.TLS.Clone()
	if config == nil {
		config = new(tls.Config)
	}
	if config.ServerName == "" {
		config.ServerName = host
	}
	config.NextProtos = nil // HTTP/2 has another handshake
	secured := tls.Client(raw, config)
	if err := secured.HandshakeContext(ctx); err != nil {
		_ = raw.Close()
		return nil, nil, err
	}
	return secured, raw, nil
}

// header returns the header of the handshake.
func (c *Client) header() http.Header {
	h := make(http.Header, len(c.o.Header)+1)
	for name, values := range c.o.Header {
		h[http.CanonicalHeaderKey(name)] = values
	}
	for _, name := range []string{"Connection", "Upgrade", "Sec-Websocket-Key", "Sec-Websocket-Version", "Sec-Websocket-Extensions"} {
		h.Del(name)
	}
	h.Set("Sec-WebSocket-Protocol", protocol)
	return h
}

// refusedBy says with what a handshake was refused.
func refusedBy(res *http.Response) error {
	refused := &HandshakeError{Status: res.StatusCode}
	body, _ := io.ReadAll(res.Body) // of at most maxAnswer
	var says refusal
	if json.Unmarshal(body, &says) == nil && says.Code != "" {
		refused.Refusal = says.asError()
		refused.RetryAfter = refused.Refusal.RetryAfter
	}
	if refused.RetryAfter == 0 {
		refused.RetryAfter = retryAfter(res.Header.Get("Retry-After"))
	}
	return refused
}

// retryAfter returns the time that a header Retry-After says, in seconds or by a date; 0
// if it says none.
func retryAfter(value string) time.Duration {
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil || steady.Is(err, strconv.ErrRange) {
		return milliseconds(int64(seconds) * 1000)
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(time.Until(at), 0), maxWait)
	}
	return 0
}

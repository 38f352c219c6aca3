#!/usr/bin/env bash
# Expected: at a reload a reverse proxy lets WebSockets go on, or closes them. If it
# sends the server behind it a Close frame, it is the client there, and a client
# masks every frame (RFC 6455, section 5.1).
#
# What happens: Caddy closes all WebSockets when its configuration changes, and the
# Close frame that the server gets is not masked. A strict server takes the proxy
# for a broken client: it logs an error for every connection, and answers 1002.
# The client's Close frame, 1001, is as it should be.
#
# Seen with Caddy 2.6.2, as Debian 12 has it. Needs the go command, and caddy or
# apt-get, which fetches the package into a temporary folder and installs nothing.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
export GOWORK=off GOFLAGS= GOTOOLCHAIN=local HOME=$dir GOCACHE=${GOCACHE:-$(go env GOCACHE)}

if ! caddy=$(command -v caddy); then
	apt-get download -q caddy >/dev/null
	dpkg -x caddy_*.deb package
	caddy=$dir/package/usr/bin/caddy
fi
"$caddy" version

cat >main.go <<'EOF'
package main

import (
	"bufio"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"time"
)

var caddy *exec.Cmd

// end stops Caddy and the program.
func end(code int) {
	if caddy != nil && caddy.Process != nil {
		caddy.Process.Kill()
	}
	os.Exit(code)
}

func must(err error) {
	if err != nil {
		fmt.Println(err)
		end(1)
	}
}

func listen() net.Listener {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	return l
}

// serve accepts one WebSocket, and returns all bytes that it is sent then.
func serve(l net.Listener, got chan<- []byte) {
	c, err := l.Accept()
	must(err)
	in := bufio.NewReader(c)
	r, err := http.ReadRequest(in)
	must(err)
	sum := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	fmt.Fprintf(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: %s\r\n\r\n",
		base64.StdEncoding.EncodeToString(sum[:]))
	all, _ := io.ReadAll(in)
	got <- all
}

// configure writes a configuration, whose comment makes it another each time.
func configure(admin, site, backend, comment string) {
	must(os.WriteFile("Caddyfile", fmt.Appendf(nil, "{\n\tadmin %s\n\tauto_https off\n}\nhttp://%s {\n\theader X-Is %s\n\treverse_proxy %s\n}\n",
		admin, site, comment, backend), 0o644))
}

func main() {
	time.AfterFunc(time.Minute, func() { must(fmt.Errorf("this takes too long")) })
	backend, a, s := listen(), listen(), listen()
	admin, site := a.Addr().String(), s.Addr().String()
	a.Close()
	s.Close()
	got := make(chan []byte, 1)
	go serve(backend, got)

	configure(admin, site, backend.Addr().String(), "one")
	caddy = exec.Command(os.Args[1], "run", "--config", "Caddyfile", "--adapter", "caddyfile")
	must(caddy.Start())

	var c net.Conn
	var err error
	for range 200 {
		if c, err = net.Dial("tcp", site); err == nil {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	must(err)
	fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", site)
	in := bufio.NewReader(c)
	answer, err := http.ReadResponse(in, nil)
	must(err)
	fmt.Println("the handshake is answered", answer.Status)

	configure(admin, site, backend.Addr().String(), "two")
	must(exec.Command(os.Args[1], "reload", "--config", "Caddyfile", "--adapter", "caddyfile", "--address", admin).Run())
	client, _ := io.ReadAll(in)
	server := <-got
	fmt.Printf("at the reload the client got % x, and the server % x\n", client, server)
	if len(server) < 2 || server[0] != 0x88 || server[1]&0x80 != 0 {
		fmt.Println("this has changed: the server's Close frame is masked, or there is none")
		end(1)
	}
	fmt.Println("the server's Close frame is not masked")
	end(0)
}
EOF
go build -o x main.go
./x "$caddy"

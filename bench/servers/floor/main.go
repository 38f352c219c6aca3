// Command floor is no server one would use: it answers handshakes, never reads
// again, and a push is one thread that calls write(2) for each connection.
// Nothing that sends a frame to each connection with a call of its own can
// cost less.
package main

import (
	"bufio"
	"crypto/sha1" //nolint:gosec // RFC 6455 asks for it
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"
	"syscall"

	"github.com/wsgen/wsgen/bench/internal/peer"
)

// magic is the GUID of RFC 6455, section 1.3.
const magic = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

type registry struct {
	mu    sync.Mutex
	files []*os.File // blocking sockets, owned here; guarded by mu
}

func main() {
	all := &registry{}
	err := peer.Flags().Run("", all.push, func(ln net.Listener) error {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return err
			}
			go func() {
				if err := all.open(conn.(*net.TCPConn)); err != nil {
					fmt.Fprintln(os.Stderr, err)
				}
			}()
		}
	})
	if err != nil {
		panic(err)
	}
}

// open answers the handshake and keeps the socket.
func (all *registry) open(conn *net.TCPConn) error {
	defer func() { _ = conn.Close() }()
	r, err := http.ReadRequest(bufio.NewReaderSize(conn, 1024))
	if err != nil {
		return err
	}
	sum := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + magic)) //nolint:gosec // as above
	_, err = fmt.Fprintf(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"+
		"Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n", base64.StdEncoding.EncodeToString(sum[:]))
	if err != nil {
		return err
	}
	file, err := conn.File()
	if err != nil {
		return err
	}
	if err := syscall.SetNonblock(int(file.Fd()), false); err != nil {
		return errors.Join(err, file.Close())
	}
	all.mu.Lock()
	defer all.mu.Unlock()
	all.files = append(all.files, file)
	return nil
}

func (all *registry) push(_ string, size int) error {
	message, err := peer.Encode("tick", peer.Tick(size))
	if err != nil {
		return err
	}
	frame := binary.BigEndian.AppendUint64([]byte{0x81, 127}, uint64(len(message)))
	switch n := len(message); {
	case n < 126:
		frame = []byte{0x81, byte(n)}
	case n < 1<<16:
		frame = binary.BigEndian.AppendUint16([]byte{0x81, 126}, uint16(n))
	}
	frame = append(frame, message...)
	all.mu.Lock()
	defer all.mu.Unlock()
	for _, f := range all.files {
		for rest := frame; len(rest) > 0; {
			n, err := syscall.Write(int(f.Fd()), rest)
			if err != nil {
				break // the client is gone
			}
			rest = rest[n:]
		}
	}
	return nil
}

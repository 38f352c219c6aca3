package contract_test

import (
	"bufio"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// text is a text message that crossed the wire.
type text struct {
	sent bool // by the server
	text []byte
}

// spoken reads what crossed one connection: the request and what the client sent
// behind it, the answer and what the server sent behind that. A connection that did not
// become a WebSocket has no path. One that was cut has what came before.
func spoken(client, server []byte) (path string, said []text, err error) {
	from, to := bufio.NewReader(bytes.NewReader(client)), bufio.NewReader(bytes.NewReader(server))
	request, err := http.ReadRequest(from)
	if err != nil {
		return "", nil, nil //nolint:nilerr // nothing was asked
	}
	answer, err := http.ReadResponse(to, request)
	if err != nil || answer.StatusCode != http.StatusSwitchingProtocols {
		return "", nil, nil //nolint:nilerr // it was refused, or not answered
	}
	for _, way := range []struct {
		sent bool
		r    *bufio.Reader
	}{{false, from}, {true, to}} {
		texts, err := textsOf(way.r)
		if err != nil {
			return "", nil, err
		}
		for _, t := range texts {
			said = append(said, text{way.sent, t})
		}
	}
	return request.URL.EscapedPath(), said, nil
}

// textsOf are the text messages of one way (RFC 6455, section 5.2). Compressed ones
// (RFC 7692, section 7.2.2) have a window each.
func textsOf(r *bufio.Reader) (texts [][]byte, err error) {
	var message []byte
	var op byte
	var compressed bool
	for {
		first, payload, err := oneFrame(r)
		switch {
		case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
			return texts, nil
		case err != nil:
			return nil, err
		case first&8 != 0:
			continue // a control frame
		case first&15 != 0:
			op, compressed, message = first&15, first&0x40 != 0, nil
		}
		message = append(message, payload...)
		if first&0x80 == 0 || op != 1 {
			continue
		}
		if compressed {
			inflated := flate.NewReader(io.MultiReader(bytes.NewReader(message), bytes.NewReader([]byte{0, 0, 0xff, 0xff, 1, 0, 0, 0xff, 0xff})))
			if message, err = io.ReadAll(inflated); err != nil {
				return nil, fmt.Errorf("a compressed message: %w", err)
			}
		}
		texts = append(texts, message)
	}
}

// oneFrame reads a frame, and its payload without the mask.
func oneFrame(r *bufio.Reader) (first byte, payload []byte, err error) {
	var head [2]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, err
	}
	size := uint64(head[1] & 127)
	if more := map[uint64]int{126: 2, 127: 8}[size]; more > 0 {
		var long [8]byte
		if _, err := io.ReadFull(r, long[8-more:]); err != nil {
			return 0, nil, err
		}
		size = binary.BigEndian.Uint64(long[:])
	}
	var mask [4]byte
	if head[1]&0x80 != 0 {
		if _, err := io.ReadFull(r, mask[:]); err != nil {
			return 0, nil, err
		}
	}
	if size > 1<<24 {
		return 0, nil, io.ErrUnexpectedEOF // a peer that tests what happens then
	}
	payload = make([]byte, size)
	if _, err := io.ReadFull(r, payload); err != nil {
		return 0, nil, err
	}
	for i := range payload {
		payload[i] ^= mask[i%4]
	}
	return head[0], payload, nil
}

package frame

import (
	"bytes"
	"compress/flate"
	"sync"
)

// This file uses permessage-deflate (RFC 7692) without context takeover: a push
// is compressed once and shared, and an idle connection keeps no window.

// deflater is a reusable compressor and the buffer that it writes to.
type deflater struct {
	buf bytes.Buffer
	zip *flate.Writer
}

var deflaters = sync.Pool{New: func() any {
	d := new(deflater)
	d.zip, _ = flate.NewWriter(&d.buf, flate.BestSpeed) // fails for a bad level only
	return d
}}

// deflateTail ends every flush, and is left out of a message (RFC 7692, section
// 7.2.1).
const deflateTail = "\x00\x00\xff\xff"

// Deflate returns the compressed twin of a text frame; nil if that is no shorter.
func Deflate(frame []byte) []byte {
	d := deflaters.Get().(*deflater)
	defer deflaters.Put(d)
	var room [HeadRoom]byte
	d.buf.Reset()
	d.buf.Write(room[:])
	d.zip.Reset(&d.buf)
	if _, err := d.zip.Write(Payload(frame)); err != nil {
		return nil // unreachable: a buffer takes everything
	}
	if err := d.zip.Flush(); err != nil {
		return nil
	}
	sealed := Seal(bytes.TrimSuffix(d.buf.Bytes(), []byte(deflateTail)))
	if len(sealed) >= len(frame) {
		return nil
	}
	sealed[0] |= RSV1Bit
	return bytes.Clone(sealed)
}

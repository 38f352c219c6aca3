package handshake

import (
	"net/http"
	"slices"
)

// DeflateExtension is the name of permessage-deflate (RFC 7692).
const DeflateExtension = "permessage-deflate"

// AcceptsDeflate reports whether one of the client's offers can be agreed to.
// An offer with a parameter that is unknown, malformed, given twice, or asks
// for a smaller window than ours, is declined (section 7.1), and so is every
// offer of a header that cannot be read. window says that the offer names the
// server's window: then the answer has to as well (section 7.1.2.1).
func AcceptsDeflate(h http.Header) (accepted, window bool) {
	lines := h["Sec-Websocket-Extensions"]
	if len(lines) == 0 {
		return false, false
	}
	offers, _ := extensions(lines)
	for _, offer := range offers {
		if offer.name == DeflateExtension && understood(offer.params) {
			return true, slices.ContainsFunc(offer.params, func(p parameter) bool { return p.name == serverWindow })
		}
	}
	return false, false
}

const serverWindow = "server_max_window_bits"

// understood reports whether all parameters can be agreed to.
func understood(params []parameter) bool {
	for i, p := range params {
		if slices.ContainsFunc(params[:i], func(other parameter) bool { return other.name == p.name }) {
			return false
		}
		switch p.name {
		case "server_no_context_takeover", "client_no_context_takeover":
			if p.valued {
				return false
			}
		case "client_max_window_bits":
			if p.valued && !windowBits(p.value) {
				return false
			}
		case serverWindow:
			if p.value != "15" {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// windowBits reports whether value is the size of a window (section 7.1.2.2).
func windowBits(value string) bool {
	switch value {
	case "8", "9", "10", "11", "12", "13", "14", "15":
		return true
	}
	return false
}

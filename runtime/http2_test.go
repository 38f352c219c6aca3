package ws_test

import (
	"testing"
)

// TestOverHTTP2 runs the tests of what WebSockets promise once more, each over
// a stream of HTTP/2.
func TestOverHTTP2(t *testing.T) {
	if !served(t) {
		return
	}
	viaHTTP2(t)
	for name, test := range map[string]func(*testing.T){
		"Protocol": TestProtocol, "Verbs": TestVerbs, "Targets": TestTargets, "TargetDisconnect": TestTargetDisconnect,
		"AfterClose": TestAfterClose, "PeerCloses": TestPeerCloses, "ServerCloses": TestServerCloses,
		"ConnectRefuses": TestConnectRefuses, "ConnectBeforeRead": TestConnectBeforeRead,
		"HookDeadline": TestHookDeadline, "HookEnds": TestHookEnds,
		"DisconnectAlwaysRuns": TestDisconnectAlwaysRuns, "Panics": TestPanics, "MessagePanics": TestMessagePanics,
		"OneOrder": TestOneOrder, "OneAnswer": TestOneAnswer,

		"ConnGuards": TestConnGuards, "Principal": TestPrincipal, "HeaderInjection": TestHeaderInjection,
		"RefreshRefused": TestRefreshRefused, "RefreshContext": TestRefreshContext,
		"MaxConnections": TestMaxConnections, "MaxConnectionsPerAddr": TestMaxConnectionsPerAddr,

		"HostileFrames": TestHostileFrames, "StrictFrames": TestStrictFrames, "CloseFrames": TestCloseFrames,
		"CloseReasonIsText": TestCloseReasonIsText, "FragmentedUTF8": TestFragmentedUTF8, "LongMessages": TestLongMessages,
		"Deflate": TestDeflate, "DeflateOffers": TestDeflateOffers, "DeflateHostile": TestDeflateHostile,
		"HostilePings": TestHostilePings, "HostileDeaf": TestHostileDeaf,

		"StalledMember": TestStalledMember, "OutboxBytes": TestOutboxBytes, "ReplyWaits": TestReplyWaits,
		"ReplyNeverRead": TestReplyNeverRead, "CloseSlow": TestCloseSlow, "CloseSlowNeverReads": TestCloseSlowNeverReads,
		"Cancel": TestCancel, "CancelledHandler": TestCancelledHandler, "Timeout": TestTimeout,
		"Stream": TestStream, "StreamEnds": TestStreamEnds, "StreamWaits": TestStreamWaits,

		"Connect": TestConnect, "SessionStates": TestSessionStates, "Counting": TestCounting, "Goaway": TestGoaway,
		"Rates": TestRates, "SilentPeer": TestSilentPeer, "Lifetime": TestLifetime, "NoTimers": TestNoTimers,
		"DisconnectDeadline": TestDisconnectDeadline, "GuardDeadline": TestGuardDeadline,
		"Shutdown": TestShutdown, "ShutdownLosesNothing": TestShutdownLosesNothing, "ShutdownDeadline": TestShutdownDeadline,
		"ShutdownDelayIsBounded": TestShutdownDelayIsBounded,
	} {
		t.Run(name, func(t *testing.T) {
			before := connects.Load()
			test(t)
			if connects.Load() == before {
				t.Error("no WebSocket over HTTP/2 was asked for")
			}
		})
	}
}

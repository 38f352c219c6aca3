package wsclient

import (
	"encoding/json"
	"log/slog"
	"slices"
)

// On has fn called with the data of each push of an event, until off is called. Data
// that does not decode is logged, and not passed on. It is called for pushes that come
// after On, also in other sessions. Several functions for one event are called in the
// order of their On.
func On[T any](c *Client, event string, fn func(T)) (off func()) {
	mine := &listener{func(data []byte) {
		var v T
		if len(data) > 0 {
			if err := json.Unmarshal(data, &v); err != nil {
				c.o.Logger.LogAttrs(c.ctx, slog.LevelError, "wsclient: a push does not decode", slog.String("event", event), slog.Any("error", err))
				return
			}
		}
		fn(v)
	}}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.listeners[event] = append(slices.Clip(c.listeners[event]), mine)
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		left := slices.DeleteFunc(slices.Clone(c.listeners[event]), func(l *listener) bool { return l == mine })
		if c.listeners[event] = left; len(left) == 0 {
			delete(c.listeners, event)
		}
	}
}

package wsjson_test

import (
	"time"

	"github.com/wsgen/wsgen/runtime/internal/payload"
	"github.com/wsgen/wsgen/runtime/wsjson"
)

// The codecs of this file, and of those for the other payloads, are as wsgen
// generates them.

func readTelemetry(r *wsjson.Reader, v *payload.Telemetry) {
	for more := r.Object(); more; more = r.More() {
		switch string(r.Name()) {
		case "device":
			readDevice(r, &v.Device)
		case "labels":
			readTexts(r, &v.Labels)
		case "at":
			wsjson.ReadTime(r, &v.At)
		case "booted":
			wsjson.ReadTime(r, &v.Booted)
		case "uptime":
			wsjson.ReadInt(r, &v.Uptime)
		case "level":
			wsjson.ReadUint(r, &v.Level)
		case "battery":
			if r.Null() {
				v.Battery = nil
			} else {
				if v.Battery == nil {
					v.Battery = new(float64)
				}
				wsjson.ReadFloat64(r, v.Battery)
			}
		case "note":
			if r.Null() {
				v.Note = nil
			} else {
				if v.Note == nil {
					v.Note = new(string)
				}
				wsjson.ReadString(r, v.Note)
			}
		case "readings":
			readReadings(r, &v.Readings)
		case "signature":
			wsjson.ReadBytes(r, &v.Signature)
		case "position":
			readPosition(r, &v.Position)
		default:
			r.Skip("device", "labels", "at", "booted", "uptime", "level", "battery", "note", "readings", "signature", "position")
		}
	}
}

func readDevice(r *wsjson.Reader, v *payload.Device) {
	for more := r.Object(); more; more = r.More() {
		switch string(r.Name()) {
		case "id":
			wsjson.ReadString(r, &v.ID)
		case "model":
			wsjson.ReadString(r, &v.Model)
		case "firmware":
			wsjson.ReadString(r, &v.Firmware)
		case "serial":
			wsjson.ReadUint(r, &v.Serial)
		default:
			r.Skip("id", "model", "firmware", "serial")
		}
	}
}

func readTexts(r *wsjson.Reader, v *map[string]string) {
	if r.Null() {
		*v = nil
		return
	}
	if *v == nil {
		*v = make(map[string]string)
	}
	for more := r.Object(); more; more = r.More() {
		key := r.Key()
		var e string
		wsjson.ReadString(r, &e)
		(*v)[key] = e
	}
}

func readReadings(r *wsjson.Reader, v *[]payload.Reading) {
	if r.Null() {
		*v = nil
		return
	}
	r.Require(*v == nil)
	s := []payload.Reading{}
	for more, start := r.Array(), r.Pos(); more; more = r.Elem() {
		if cap(s) == 0 {
			var e payload.Reading
			readReading(r, &e)
			s = append(make([]payload.Reading, 0, r.Guess(start, 72)), e)
			continue
		}
		s = append(s, payload.Reading{})
		readReading(r, &s[len(s)-1])
	}
	*v = s
}

func readReading(r *wsjson.Reader, v *payload.Reading) {
	for more := r.Object(); more; more = r.More() {
		switch string(r.Name()) {
		case "at":
			wsjson.ReadTime(r, &v.At)
		case "sensor":
			wsjson.ReadString(r, &v.Sensor)
		case "value":
			wsjson.ReadFloat64(r, &v.Value)
		case "unit":
			wsjson.ReadString(r, &v.Unit)
		case "stale":
			wsjson.ReadBool(r, &v.Stale)
		default:
			r.Skip("at", "sensor", "value", "unit", "stale")
		}
	}
}

func readPosition(r *wsjson.Reader, v *[3]float64) {
	if r.Null() {
		return
	}
	i := 0
	for more := r.Array(); more; more = r.Elem() {
		if i == len(v) {
			r.Odd()
			return
		}
		wsjson.ReadFloat64(r, &v[i])
		i++
	}
	clear(v[i:])
}

func writeTelemetry(w *wsjson.Writer, v *payload.Telemetry) {
	w.Lit(`{"device":`)
	writeDevice(w, &v.Device)
	if len(v.Labels) != 0 {
		w.Lit(`,"labels":`)
		writeTexts(w, v.Labels)
	}
	w.Lit(`,"at":`)
	wsjson.WriteTime(w, v.At)
	w.Lit(`,"booted":`)
	wsjson.WriteTime(w, v.Booted)
	w.Lit(`,"uptime":`)
	wsjson.WriteInt(w, v.Uptime)
	w.Lit(`,"level":`)
	wsjson.WriteUint(w, v.Level)
	if v.Battery != nil {
		w.Lit(`,"battery":`)
		wsjson.WriteFloat64(w, *v.Battery)
	}
	w.Lit(`,"note":`)
	if v.Note == nil {
		w.Null()
	} else {
		wsjson.WriteString(w, *v.Note)
	}
	w.Lit(`,"readings":`)
	writeReadings(w, v.Readings)
	w.Lit(`,"signature":`)
	wsjson.WriteBytes(w, v.Signature)
	w.Lit(`,"position":[`)
	for i := range v.Position {
		if i > 0 {
			w.Lit(",")
		}
		wsjson.WriteFloat64(w, v.Position[i])
	}
	w.Lit("]}")
}

func writeDevice(w *wsjson.Writer, v *payload.Device) {
	w.Lit(`{"id":`)
	wsjson.WriteString(w, v.ID)
	w.Lit(`,"model":`)
	wsjson.WriteString(w, v.Model)
	if v.Firmware != "" {
		w.Lit(`,"firmware":`)
		wsjson.WriteString(w, v.Firmware)
	}
	w.Lit(`,"serial":`)
	wsjson.WriteUint(w, v.Serial)
	w.Lit("}")
}

func writeTexts(w *wsjson.Writer, v map[string]string) {
	if v == nil {
		w.Null()
		return
	}
	w.Lit("{")
	keys := wsjson.Keys(w, v)
	for _, key := range keys {
		wsjson.WriteKey(w, key)
		wsjson.WriteString(w, v[key])
	}
	w.Done(keys)
	w.Lit("}")
}

func writeReadings(w *wsjson.Writer, v []payload.Reading) {
	if v == nil {
		w.Null()
		return
	}
	w.Lit("[")
	for i := range v {
		if i > 0 {
			w.Lit(",")
		}
		e := &v[i]
		w.Lit(`{"at":`)
		wsjson.WriteTime(w, e.At)
		w.Lit(`,"sensor":`)
		wsjson.WriteString(w, e.Sensor)
		w.Lit(`,"value":`)
		wsjson.WriteFloat64(w, e.Value)
		w.Lit(`,"unit":`)
		wsjson.WriteString(w, e.Unit)
		if e.Stale {
			w.Lit(`,"stale":`)
			wsjson.WriteBool(w, e.Stale)
		}
		w.Lit("}")
	}
	w.Lit("]")
}

// readTime reads a *time.Time.
func readTime(r *wsjson.Reader, v **time.Time) {
	if r.Null() {
		*v = nil
		return
	}
	if *v == nil {
		*v = new(time.Time)
	}
	wsjson.ReadTime(r, *v)
}

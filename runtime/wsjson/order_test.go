package wsjson_test

import (
	"github.com/wsgen/wsgen/runtime/internal/payload"
	"github.com/wsgen/wsgen/runtime/wsjson"
)

func readOrder(r *wsjson.Reader, v *payload.Order) {
	for more := r.Object(); more; more = r.More() {
		switch string(r.Name()) {
		case "created":
			wsjson.ReadTime(r, &v.Created)
		case "updated":
			wsjson.ReadTime(r, &v.Updated)
		case "by":
			wsjson.ReadString(r, &v.By)
		case "id":
			wsjson.ReadString(r, &v.ID)
		case "customer":
			readCustomer(r, &v.Customer)
		case "items":
			readItems(r, &v.Items)
		case "shipping":
			readAddress(r, &v.Shipping)
		case "gift":
			readAddress(r, &v.Gift)
		case "payment":
			wsjson.ReadRaw(r, &v.Payment)
		case "extra":
			extra := v.Extra
			wsjson.ReadStd(r, &extra)
			v.Extra = extra
		case "total":
			readMoney(r, &v.Total)
		case "paid":
			wsjson.ReadBool(r, &v.Paid)
		default:
			r.Skip("created", "updated", "by", "id", "customer", "items", "shipping", "gift", "payment", "extra", "total", "paid")
		}
	}
}

func readCustomer(r *wsjson.Reader, v *payload.Customer) {
	for more := r.Object(); more; more = r.More() {
		switch string(r.Name()) {
		case "id":
			wsjson.ReadInt(r, &v.ID)
		case "name":
			wsjson.ReadString(r, &v.Name)
		case "email":
			wsjson.ReadString(r, &v.Email)
		case "tags":
			readStrings(r, &v.Tags)
		default:
			r.Skip("id", "name", "email", "tags")
		}
	}
}

func readStrings(r *wsjson.Reader, v *[]string) {
	if r.Null() {
		*v = nil
		return
	}
	r.Require(*v == nil)
	s := []string{}
	for more, start := r.Array(), r.Pos(); more; more = r.Elem() {
		var e string
		wsjson.ReadString(r, &e)
		if cap(s) == 0 {
			s = make([]string, 0, r.Guess(start, 16))
		}
		s = append(s, e)
	}
	*v = s
}

func readItems(r *wsjson.Reader, v *[]payload.Item) {
	if r.Null() {
		*v = nil
		return
	}
	r.Require(*v == nil)
	s := []payload.Item{}
	for more, start := r.Array(), r.Pos(); more; more = r.Elem() {
		if cap(s) == 0 {
			var e payload.Item
			readItem(r, &e)
			s = append(make([]payload.Item, 0, r.Guess(start, 80)), e)
			continue
		}
		s = append(s, payload.Item{})
		readItem(r, &s[len(s)-1])
	}
	*v = s
}

func readItem(r *wsjson.Reader, v *payload.Item) {
	for more := r.Object(); more; more = r.More() {
		switch string(r.Name()) {
		case "sku":
			wsjson.ReadString(r, &v.SKU)
		case "title":
			wsjson.ReadString(r, &v.Title)
		case "quantity":
			wsjson.ReadInt(r, &v.Quantity)
		case "price":
			readMoney(r, &v.Price)
		case "options":
			readTexts(r, &v.Options)
		case "discount":
			if r.Null() {
				v.Discount = nil
			} else {
				if v.Discount == nil {
					v.Discount = new(payload.Money)
				}
				readMoney(r, v.Discount)
			}
		default:
			r.Skip("sku", "title", "quantity", "price", "options", "discount")
		}
	}
}

func readMoney(r *wsjson.Reader, v *payload.Money) {
	for more := r.Object(); more; more = r.More() {
		switch string(r.Name()) {
		case "amount":
			wsjson.ReadInt(r, &v.Amount)
		case "currency":
			wsjson.ReadString(r, &v.Currency)
		default:
			r.Skip("amount", "currency")
		}
	}
}

func readAddress(r *wsjson.Reader, to **payload.Address) {
	if r.Null() {
		*to = nil
		return
	}
	if *to == nil {
		*to = new(payload.Address)
	}
	v := *to
	for more := r.Object(); more; more = r.More() {
		switch string(r.Name()) {
		case "street":
			wsjson.ReadString(r, &v.Street)
		case "city":
			wsjson.ReadString(r, &v.City)
		case "zip":
			wsjson.ReadString(r, &v.Zip)
		case "country":
			wsjson.ReadString(r, &v.Country)
		default:
			r.Skip("street", "city", "zip", "country")
		}
	}
}

func writeOrder(w *wsjson.Writer, v *payload.Order) {
	w.Lit(`{"created":`)
	wsjson.WriteTime(w, v.Created)
	w.Lit(`,"updated":`)
	wsjson.WriteTime(w, v.Updated)
	if v.By != "" {
		w.Lit(`,"by":`)
		wsjson.WriteString(w, v.By)
	}
	w.Lit(`,"id":`)
	wsjson.WriteString(w, v.ID)
	w.Lit(`,"customer":{"id":`)
	wsjson.WriteInt(w, v.Customer.ID)
	w.Lit(`,"name":`)
	wsjson.WriteString(w, v.Customer.Name)
	w.Lit(`,"email":`)
	wsjson.WriteString(w, v.Customer.Email)
	w.Lit(`,"tags":`)
	writeStrings(w, v.Customer.Tags)
	w.Lit(`},"items":`)
	writeItems(w, v.Items)
	if v.Shipping != nil {
		w.Lit(`,"shipping":`)
		writeAddress(w, v.Shipping)
	}
	w.Lit(`,"gift":`)
	writeAddress(w, v.Gift)
	w.Lit(`,"payment":`)
	wsjson.WriteRaw(w, v.Payment)
	if v.Extra != nil {
		w.Lit(`,"extra":`)
		wsjson.WriteStd(w, &v.Extra)
	}
	w.Lit(`,"total":`)
	writeMoney(w, &v.Total)
	w.Lit(`,"paid":`)
	wsjson.WriteBool(w, v.Paid)
	w.Lit("}")
}

func writeStrings(w *wsjson.Writer, v []string) {
	if v == nil {
		w.Null()
		return
	}
	w.Lit("[")
	for i := range v {
		if i > 0 {
			w.Lit(",")
		}
		wsjson.WriteString(w, v[i])
	}
	w.Lit("]")
}

func writeItems(w *wsjson.Writer, v []payload.Item) {
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
		w.Lit(`{"sku":`)
		wsjson.WriteString(w, e.SKU)
		w.Lit(`,"title":`)
		wsjson.WriteString(w, e.Title)
		w.Lit(`,"quantity":`)
		wsjson.WriteInt(w, e.Quantity)
		w.Lit(`,"price":`)
		writeMoney(w, &e.Price)
		if len(e.Options) != 0 {
			w.Lit(`,"options":`)
			writeTexts(w, e.Options)
		}
		if e.Discount != nil {
			w.Lit(`,"discount":`)
			writeMoney(w, e.Discount)
		}
		w.Lit("}")
	}
	w.Lit("]")
}

func writeMoney(w *wsjson.Writer, v *payload.Money) {
	w.Lit(`{"amount":`)
	wsjson.WriteInt(w, v.Amount)
	w.Lit(`,"currency":`)
	wsjson.WriteString(w, v.Currency)
	w.Lit("}")
}

func writeAddress(w *wsjson.Writer, v *payload.Address) {
	if v == nil {
		w.Null()
		return
	}
	w.Lit(`{"street":`)
	wsjson.WriteString(w, v.Street)
	w.Lit(`,"city":`)
	wsjson.WriteString(w, v.City)
	w.Lit(`,"zip":`)
	wsjson.WriteString(w, v.Zip)
	w.Lit(`,"country":`)
	wsjson.WriteString(w, v.Country)
	w.Lit("}")
}

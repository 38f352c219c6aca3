package emit

import (
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// Refusals says, for people, which codes a call may be refused with; "" if it does
// not say.
func Refusals(c *model.Call) string {
	n := len(c.Errors)
	switch {
	case !c.Closed:
		return ""
	case n == 0:
		return "Refused with no codes but those of wsgen."
	case n == 1:
		return "Refused with " + c.Errors[0] + ", besides the codes of wsgen."
	}
	return "Refused with " + strings.Join(c.Errors[:n-1], ", ") + " or " + c.Errors[n-1] + ", besides the codes of wsgen."
}

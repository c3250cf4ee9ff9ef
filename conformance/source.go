package conformance

import (
	"fmt"
	"strings"
	"time"
)

// A word writes one call of a scenario file: a name and its arguments.
type word struct {
	name string
	args []string
}

func call(name string, args ...string) *word { return &word{name: name, args: args} }

func (w *word) raw(key, value string) { w.args = append(w.args, key+" = "+value) }

// text writes a string argument that differs from its default.
func (w *word) text(key, value, normal string) {
	if value != normal {
		w.raw(key, starText(value))
	}
}

// expr writes an expression that was given.
func (w *word) expr(key string, e Expr) {
	if e != nil {
		w.raw(key, e.star())
	}
}

func (w *word) list(key string, list []Expr) {
	parts := make([]string, len(list))
	for i, e := range list {
		parts[i] = e.star()
	}
	w.raw(key, "["+strings.Join(parts, ", ")+"]")
}

// lists writes a list that is not empty.
func (w *word) lists(key string, list []Expr) {
	if len(list) > 0 {
		w.list(key, list)
	}
}

func (w *word) duration(key string, d time.Duration) {
	if d != 0 {
		w.raw(key, starText(d.String()))
	}
}

func (w *word) number(key string, n, normal int) {
	if n != normal {
		w.raw(key, fmt.Sprint(n))
	}
}

func (w *word) flag(key string, on bool) {
	if on {
		w.raw(key, "True")
	}
}

func (w *word) String() string { return w.name + "(" + strings.Join(w.args, ", ") + ")" }

package fuzz

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestAllows tells an answer that a reset may have cut from one that a server
// refused to give: it resets a connection if it has not read all that was sent.
func TestAllows(t *testing.T) {
	for name, tt := range map[string]struct {
		answer answer
		alone  bool
		want   bool
	}{
		"whole":                         {answer{data: []byte("answer")}, true, true},
		"whole, then reset":             {answer{data: []byte("answer"), reset: true}, true, true},
		"nothing":                       {answer{}, true, false},
		"reset, and the only outcome":   {answer{reset: true}, true, false},
		"reset, and others are allowed": {answer{reset: true}, false, true},
		"cut by a reset":                {answer{data: []byte("ans"), reset: true}, false, true},
		"other, then reset":             {answer{data: []byte("other"), reset: true}, false, false},
	} {
		require.Equal(t, tt.want, Outcome{Answer: []byte("answer")}.allows(tt.answer, tt.alone), name)
	}
}

package proc

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestWatch tells a program that rests from one of whose threads one does not, and
// from one that has ended.
func TestWatch(t *testing.T) {
	python, err := Executable("python3")
	if err != nil {
		t.Skip(err)
	}
	eachMode(t, func(t *testing.T, mode string) {
		sb := openMode(t, mode, Limits{}, nil)
		for name, tt := range map[string]struct {
			code string
			want int
		}{
			"rests": {"import sys; sys.stdin.read()", 0},
			"spins": {"import sys, threading\ndef spin():\n    while True: pass\nthreading.Thread(target=spin, daemon=True).start()\nsys.stdin.read()", 1},
		} {
			p, err := sb.Start(t.Context(), Spec{Args: []string{python, "-c", tt.code}})
			require.NoError(t, err, name)
			w := p.Watch()
			require.Eventually(t, func() bool { n, err := w.Runnable(); return err == nil && n == tt.want }, 10*time.Second, time.Millisecond, name)
			p.Stop()
			<-p.Done()
			require.Eventually(t, func() bool { _, err := w.Runnable(); return err == os.ErrProcessDone }, 10*time.Second, time.Millisecond, name)
		}
	})
}

package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/term"

	"netproctor/conformance"
)

// A progress shows on a terminal how far a run has come, in one line that is
// written over. Elsewhere, as in a pipe, it shows nothing.
type progress struct {
	w     io.Writer // nil shows nothing
	last  time.Time
	shown bool
}

// redraw is the least time between two lines.
const redraw = 100 * time.Millisecond

func newProgress(w io.Writer) *progress {
	if f, is := w.(*os.File); is && term.IsTerminal(int(f.Fd())) {
		return &progress{w: w}
	}
	return &progress{}
}

func (p *progress) show(n conformance.Progress) {
	if p.w == nil || time.Since(p.last) < redraw && n.Done < n.Total {
		return
	}
	p.last, p.shown = time.Now(), true
	left := ""
	if n.Left > 0 {
		left = fmt.Sprintf(", about %d s left", int(n.Left.Seconds())+1)
	}
	fmt.Fprintf(p.w, "\r\x1b[K%d of %d scenarios, %d running, %d not passed%s", n.Done, n.Total, n.Running, n.Failed, left)
}

// end takes the line away.
func (p *progress) end() {
	if p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}

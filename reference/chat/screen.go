package chat

import (
	"fmt"
	"io"
	"strings"
	"sync"
)

// Prompt stands where the user types (§IV.10).
const Prompt = "[You] "

// A Screen is what the user sees: lines that come by themselves, and a prompt
// below them. It is safe for several goroutines at once.
type Screen struct {
	mu    sync.Mutex
	out   io.Writer
	ended bool
}

// NewScreen returns a Screen on out.
func NewScreen(out io.Writer) *Screen { return &Screen{out: out} }

// Show puts a text where the prompt is, and a new prompt below it. On a terminal,
// what the user has begun to type stays typed, but is not seen any more.
func (s *Screen) Show(text string) {
	s.print("\r" + Printable(strings.TrimSuffix(text, "\n")) + "\n" + Prompt)
}

// Ask puts a prompt at the beginning of a line: the user has ended the last one.
func (s *Screen) Ask() { s.print(Prompt) }

// End writes the last line, below the prompt. Nothing that is shown afterwards
// appears.
func (s *Screen) End(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.write("\n" + line + "\n")
	s.ended = true
}

// print writes text in one piece.
func (s *Screen) print(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.write(text)
}

// write is print for who holds s.mu.
func (s *Screen) write(text string) {
	if !s.ended {
		fmt.Fprint(s.out, text)
	}
}

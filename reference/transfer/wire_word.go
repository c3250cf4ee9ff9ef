package transfer

import "fmt"

// A Word is a token that is always the same.
type Word string

// The words.
const (
	Ready Word = "READY" // the server waits for a command, or the client for a size (§ Protocol 1a, 1d, 2a, 3a)
	OK    Word = "OK"    // what came last is accepted (§ Protocol 1c, 1f, 2c, 2e)
	Done  Word = "DONE"  // all is done; nothing follows (§ Protocol 1h, 2g, 3c)
)

// words are all of them. No two begin with the same byte, and none begins as a
// [Refusal] does.
var words = []Word{Ready, OK, Done}

// Append appends the wire form of w to b.
func (w Word) Append(b []byte) []byte { return append(b, w...) }

// ParseWord reads exactly one Word from b. The error wraps [io.ErrUnexpectedEOF]
// if b is only the beginning of a word, else [ErrErroneous].
func ParseWord(b []byte) (Word, error) {
	for _, w := range words {
		if len(b) > 0 && b[0] != w[0] {
			continue
		}
		if err := w.parse(b); err != nil {
			return "", err
		}
		return w, nil
	}
	begin := b[:min(len(b), len(Ready))] // no word is longer
	return "", erroneous("word", fmt.Sprintf("one of %q", words), fmt.Sprintf("%q", begin))
}

// parse checks that b is w and nothing else.
func (w Word) parse(b []byte) error {
	rest, err := cutLiteral("word", b, string(w))
	if err == nil && len(rest) > 0 {
		err = erroneous("the end of "+string(w), "no more bytes", len(rest))
	}
	return err
}

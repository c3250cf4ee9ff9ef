package fuzz_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"netproctor/reference/mailbox"
)

var errOther = errors.New("something else")

// TestTryFindsMistakes makes sure that the check can fail: each codec here is a
// right one with a mistake put in.
func TestTryFindsMistakes(t *testing.T) {
	whole := mailboxRequest(2, 3, 3, 5)
	tests := map[string]struct {
		mistake func(c *codec)
		b       []byte
		want    string
	}{
		"right":               {func(c *codec) {}, whole, ""},
		"right and cut":       {func(c *codec) {}, whole[:9], ""},
		"right and prolonged": {func(c *codec) {}, append(bytes.Clone(whole), 0), ""},
		"takes what follows": {func(c *codec) {
			parse := c.parse
			c.parse = func(b []byte) (any, error) { return parse(b[:min(len(b), len(whole))]) }
		}, append(bytes.Clone(whole), 0), "what they mean is written as"},
		"takes another magic number": {func(c *codec) {
			parse := c.parse
			c.parse = func(b []byte) (any, error) { return parse(join(uint16(mailbox.MagicNo), b[min(len(b), 2):])) }
		}, join(uint16(0x73AE), whole[2:]), "what they mean is written as"},
		"takes what is cut": {func(c *codec) {
			parse := c.parse
			c.parse = func(b []byte) (any, error) {
				m, err := parse(b)
				if errors.Is(err, io.ErrUnexpectedEOF) {
					return parse(whole)
				}
				return m, err
			}
		}, whole, "legal when they are cut after 0 bytes"},
		"calls what is cut wrong": {func(c *codec) {
			parse := c.parse
			c.parse = func(b []byte) (any, error) {
				m, err := parse(b)
				if errors.Is(err, io.ErrUnexpectedEOF) {
					err = mailbox.ErrErroneous
				}
				return m, err
			}
		}, whole, "illegal when they are cut after 0 bytes"},
		"refuses more than the layout": {func(c *codec) {
			c.parse = func(b []byte) (any, error) { return nil, mailbox.ErrErroneous }
			c.read = nil
		}, whole, "MessageRequest says allowed true"},
		"gives another error": {func(c *codec) {
			c.parse = func(b []byte) (any, error) { return nil, errOther }
		}, whole, "neither short nor illegal"},
		"writes into what it reads": {func(c *codec) {
			parse := c.parse
			c.parse = func(b []byte) (any, error) { clear(b); return parse(b) }
		}, bytes.Clone(whole), "parsing has changed them"},
		"reads only once": {func(c *codec) {
			c.read = func(r io.Reader) (any, error) {
				b := make([]byte, len(whole)+1)
				n, _ := r.Read(b)
				return c.parse(b[:n])
			}
		}, whole, "by halves they were read as short"},
		"loses what comes with the end": {func(c *codec) {
			c.read = func(r io.Reader) (any, error) {
				var all []byte
				for b := make([]byte, len(whole)+1); ; {
					n, err := r.Read(b)
					if err != nil {
						return c.parse(all)
					}
					all = append(all, b[:n]...)
				}
			}
		}, whole, "at once with the end they were read as short"},
		"believes a claim": {func(c *codec) {
			parse := c.parse
			c.parse = func(b []byte) (any, error) {
				if len(b) >= mailbox.RequestHeaderSize {
					sink = make([]byte, int(b[5])<<12|int(b[6]))
				}
				return parse(b)
			}
		}, join(uint16(0xAE73), 2, 1, 1, uint16(0xffff)), "parsing took"},
		"believes a claim while it reads": {func(c *codec) {
			read := c.read
			c.read = func(r io.Reader) (any, error) { sink = make([]byte, 1<<16); return read(r) }
		}, whole, "reading took"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := *table(t, "MailboxRequest")
			tt.mistake(&c)
			_, err := c.try(c.record(t), tt.b)
			err = errors.Join(err, c.checkMemory(tt.b)) // which the engine does only on suspicion
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.want)
		})
	}
}

// sink keeps the compiler from leaving out what is allocated for nothing.
var sink []byte

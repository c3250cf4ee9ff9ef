package transfer_test

import (
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"netproctor/reference/transfer"
)

// drawText draws 1 to 300 characters of a name or message.
func drawText(t *rapid.T, label string) string {
	r := rapid.Rune().Filter(func(r rune) bool { return r != '\n' })
	return rapid.StringOfN(r, 1, 300, -1).Draw(t, label)
}

func drawCommand(t *rapid.T) *transfer.Command {
	return &transfer.Command{Verb: rapid.SampledFrom(transfer.Verbs).Draw(t, "verb"), Name: drawText(t, "name")}
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		command := drawCommand(t)
		gotCommand, err := transfer.ParseCommand(command.Append(nil))
		require.NoError(t, err)
		require.Equal(t, command, gotCommand)

		refusal := &transfer.Refusal{Message: drawText(t, "message")}
		gotRefusal, err := transfer.ParseRefusal(refusal.Append(nil))
		require.NoError(t, err)
		require.Equal(t, refusal, gotRefusal)

		size := transfer.Size(rapid.Uint64().Draw(t, "size"))
		gotSize, err := transfer.ParseSize(size.Append(nil))
		require.NoError(t, err)
		require.Equal(t, size, gotSize)
	})
}

// TestStrict feeds all parsers with tokens that are almost legal: each says
// either what the bytes are, or that more must follow, or that they are wrong.
func TestStrict(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		wire := rapid.OneOf(
			rapid.Custom(func(t *rapid.T) []byte { return drawCommand(t).Append(nil) }),
			rapid.SampledFrom([][]byte{goldenReady, goldenOK, goldenDone, goldenMissing, goldenSize}),
			rapid.SliceOfN(rapid.Byte(), 0, 12),
		).Draw(t, "wire")
		wire = spoil(t, wire)
		for name, parse := range map[string]codec{"word": word, "command": command, "refusal": refusal, "size": size} {
			got, err := parse(wire)
			if err == nil {
				require.Equal(t, string(wire), string(got), name)
				continue
			}
			short, wrong := errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, transfer.ErrErroneous)
			require.True(t, short != wrong, "%s: %v", name, err)
		}
	})
}

// spoil changes one byte of a token, or its length.
func spoil(t *rapid.T, wire []byte) []byte {
	wire = append([]byte(nil), wire...)
	at := rapid.IntRange(0, len(wire)).Draw(t, "at")
	switch rapid.IntRange(0, 3).Draw(t, "how") {
	case 0:
		if at < len(wire) {
			wire[at] = rapid.Byte().Draw(t, "value")
		}
	case 1:
		wire = wire[:at]
	case 2:
		wire = append(wire, rapid.Byte().Draw(t, "extra"))
	}
	return wire
}

package fuzz

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"netproctor/conformance"
)

// TestInnermost names exceptions by the last place in the program's own files.
func TestInnermost(t *testing.T) {
	for _, test := range []struct{ name, report, want string }{
		{"python", `Traceback (most recent call last):
  File "/srv/server.py", line 40, in <module>
    serve(conn)
  File "/srv/server.py", line 12, in serve
    decode(b)
  File "/usr/lib/python3.11/codecs.py", line 322, in decode
UnicodeDecodeError: invalid start byte
`, "UnicodeDecodeError at server.py:12"},
		{"python, with another stream among it", `Traceback (most recent call last):
  File "/srv/server.py", line 40, in <module>
    serve(conn)
Error: bad request: connection ended after 2 of 66 bytes
  File "/srv/server.py", line 12, in serve
    raise ValueError("not yet")
ValueError: not yet
Error: the client was silent for too long
`, "ValueError at server.py:12"},
		{"python, a type without Error in its name", `Traceback (most recent call last):
  File "/srv/server.py", line 12, in serve
    struct.unpack(">H", b)
struct.error: unpack requires a buffer of 2 bytes
`, "struct.error at server.py:12"},
		{"python, a type of the program's own, without a message", `Traceback (most recent call last):
  File "/srv/server.py", line 12, in serve
    raise Bad
    ^^^^^^^^^
Connection from 127.0.0.1 port 5
__main__.Bad
`, "__main__.Bad at server.py:12"},
		{"node", `Uncaught:
TypeError: b.readUInt16BE is not a function
    at serve (/srv/server.js:8:20)
`, "TypeError at server.js:8"},
		{"go", "panic: runtime error: index out of range [1] with length 1\n\ngoroutine 1 [running]:\n" +
			"encoding/binary.bigEndian.Uint16(...)\n\t/usr/local/go/src/encoding/binary/binary.go:169\n" +
			"main.parse(...)\n\t/tmp/go work/wire.go:12\n" +
			"main.main()\n\t/tmp/go work/server.go:30 +0x1b\nexit status 2\n", "panic at wire.go:12"},
		{"go on a terminal", "panic: x\r\n\r\ngoroutine 7 [running]:\r\nmain.f(0x1)\r\n\t/home/go/server.go:9 +0x1b\r\n", "panic at server.go:9"},
		{"go, of others", "fatal error: all goroutines are asleep\n\ngoroutine 1 [running]:\nx.F()\n\t/root/go/pkg/mod/x.org/x@v1.0.0/x.go:9 +0x1b\n", " at "},
	} {
		t.Run(test.name, func(t *testing.T) { require.Equal(t, test.want, innermost([]byte(test.report))) })
	}
}

// TestCrashesOfOneMistake tells one end by a signal from another by stderr alone:
// of stdout it depends on the buffer what was printed last.
func TestCrashesOfOneMistake(t *testing.T) {
	const aborted, exited = "killed by SIGABRT", "exit status 1"
	require.Equal(t, crashed(aborted, nil, nil).signature, crashed(aborted, []byte("connection from 127.0.0.1\n"), nil).signature)
	require.Equal(t, "crash killed by SIGABRT, server.c:#: failed", crashed(aborted, []byte("bye\n"), []byte("server.c:12: failed\n")).signature)
	require.Equal(t, "crash exit status 1, no room for # files", crashed(exited, []byte("no room for 3 files\n"), nil).signature)
}

// TestWholeReport waits for the line that names the exception, and not for ever.
func TestWholeReport(t *testing.T) {
	const frames = "Traceback (most recent call last):\n  File \"/srv/server.py\", line 105, in serve\n    raise ValueError(\"not yet\")\n"
	for _, test := range []struct{ name, later, want string }{
		{"late", "ValueError: not yet\n", "exception ValueError at server.py:105"},
		{"never", "", "exception  at server.py:105"},
		{"half of it at first", "__main__.Bad", "exception  at server.py:105"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				language, report := wholeReport(func() []byte {
					if time.Since(began) < 100*time.Millisecond {
						return []byte(frames)
					}
					return []byte(frames + test.later)
				})
				require.Equal(t, "Python", language)
				require.Equal(t, test.want, uncaught(language, report).signature)
				require.Less(t, time.Since(began), 2*reported)
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		wholeReport(func() []byte { return []byte("terminate called after throwing an instance of 'int'\n") })
		require.Zero(t, time.Since(began), "only Python names it last")
	})
}

// nowhere is a wire on a machine that makes no sockets.
type nowhere struct{}

func (nowhere) visit(context.Context, Visit, time.Duration) answer {
	return unconnected(fmt.Errorf("dial: %w", conformance.ErrNoSocket))
}
func (nowhere) close() {}

// TestNoSocket blames no program for what was not sent to it.
func TestNoSocket(t *testing.T) {
	require.Equal(t, answer{fault: "no connection: refused"}, unconnected(errors.New("refused")))
	p := &program{wire: nowhere{}}
	require.Nil(t, p.play(t.Context(), &Options{}, Visit("x"), time.Second))
}

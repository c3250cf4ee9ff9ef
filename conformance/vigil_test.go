package conformance_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"netproctor/conformance"
)

// moods is a server that does as its client says.
const moods = `
import socket, sys, time
s = socket.create_server(("", int(sys.argv[1])))
while True:
    c, _ = s.accept()
    mood = c.recv(1)
    if mood == b"b":
        end = time.process_time() + 0.4
        while time.process_time() < end: pass
        c.sendall(b"y")
    if mood == b"t":
        time.sleep(0.6)
    if mood != b"s":
        c.close()
    else:
        silent = c
`

// TestCalm holds that a first look waits no longer for a program that has nothing
// to do, but for one that is busy, and for one whose own time is to pass.
func TestCalm(t *testing.T) {
	for _, c := range []struct {
		name, steps string
		want        conformance.Outcome
	}{
		{"silent", `send("s"), expect("y", within = "1h")`, conformance.Fail},
		{"no file", `send("s"), expect_file("f", content = "x", within = "1h")`, conformance.Fail},
		{"busy", `send("b"), expect("y", within = "1h"), expect_close()`, conformance.Pass},
		{"timed", `send("t"), expect_close(not_before = "500ms", within = "1h")`, conformance.Pass},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := load(tiny, `scenario(id = "server/ping/one", covers = ["server.ping"], why = "w", steps = [start(), connect(), `+c.steps+`])`, conformance.LoadOptions{})
			require.NoError(t, err)
			v := judged(t, p, moods, conformance.PlayOptions{Calm: 50 * time.Millisecond})
			require.Equal(t, c.want, v.Outcome, "%s", v.Finding.Got)
			require.Equal(t, c.want == conformance.Fail, v.Finding.Late)
		})
	}
}

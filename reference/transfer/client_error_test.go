package transfer_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"netproctor/internal/memnet"
)

// served are the exchanges as what the client says before, and then the server.
var served = map[string][][2]string{
	"GET": {{"", "READY"}, {"GET f", "OK"}, {"READY", eight(4)}, {"OK", "dataDONE"}},
	"PUT": {{"", "READY"}, {"PUT f", "OK"}, {eight(3), "OK"}, {"old", "DONE"}},
	"DEL": {{"", "READY"}, {"DEL f", "DONE"}},
}

// printed is what a client has printed when the server's nth token is due.
func printed(verb string, n int) string {
	switch {
	case verb == "GET" && n == 3:
		return "client receiving file f (4 bytes)\n"
	case verb == "PUT" && n == 3:
		return "client sending file f (3 bytes)\n"
	case verb == "DEL" && n == 1:
		return "client deleting file f\n"
	}
	return ""
}

// until plays an exchange until the server's nth token is due.
func until(s talk, verb string, n int) {
	for i, step := range served[verb][:n+1] {
		s.hear(step[0])
		if i < n {
			s.say(step[1])
		}
	}
}

// TestClientServerError has a server that says ERROR in place of each word.
func TestClientServerError(t *testing.T) {
	for verb, exchange := range served {
		for n := range exchange {
			if verb == "GET" && n > 1 {
				continue // a size or data follows
			}
			t.Run(fmt.Sprint(verb, n), func(t *testing.T) {
				for _, keepsOpen := range []bool{false, true} {
					dir := t.TempDir()
					write(t, dir, "f", "old")
					withClient(t, dir, verb, "f", func(t *testing.T, c *client, s talk) {
						until(s, verb, n)
						s.say("ERROR: f does not exist")
						if !keepsOpen {
							s.CloseWrite()
						}
						s.ends() // the client closes, whether the server does or not
						c.fails(t, printed(verb, n)+"server error: f does not exist\n")
						require.Equal(t, "old", read(t, dir, "f"))
						require.Equal(t, []string{"f"}, names(t, dir))
					})
				}
			})
		}
	}
}

func TestClientServerErrorText(t *testing.T) {
	for sent, want := range map[string]string{
		"ERROR: file my file.txt does not exist": "server error: file my file.txt does not exist\n",
		"ERROR: unable to create file é":         "server error: unable to create file é\n",
		"ERROR: ERROR: twice":                    "server error: ERROR: twice\n",
		"ERROR: bell\a":                          "server error: bell\ufffd\n",
	} {
		dir := t.TempDir()
		withClient(t, dir, "GET", "f", func(t *testing.T, c *client, s talk) {
			until(s, "GET", 1)
			s.say(sent)
			s.ends()
			c.fails(t, want)
			require.Empty(t, names(t, dir), "a GET that fails leaves no file")
		})
	}
}

// TestClientErrorInsteadOfDone has a server that fails after the data.
func TestClientErrorInsteadOfDone(t *testing.T) {
	dir := t.TempDir()
	withClient(t, dir, "GET", "f", func(t *testing.T, c *client, s talk) {
		until(s, "GET", 3)
		s.say("dataERROR: disk on fire")
		s.ends()
		c.fails(t, "client receiving file f (4 bytes)\nserver error: disk on fire\n")
		require.Empty(t, names(t, dir))
	})
}

// TestClientBrokenOff has a server that goes away, or falls silent for ever, at
// every byte of an exchange.
func TestClientBrokenOff(t *testing.T) {
	ways := map[string]func(s talk){
		"close":   func(s talk) { s.Close() },
		"reset":   talk.reset,
		"silence": func(s talk) {},
	}
	for verb, exchange := range served {
		for way, leave := range ways {
			t.Run(verb+"/"+way, func(t *testing.T) {
				for n := range exchange {
					if way == "silence" && n == 0 {
						continue // READY may take for ever
					}
					for cut := range exchange[n][1] {
						dir := t.TempDir()
						write(t, dir, "f", "old")
						withClient(t, dir, verb, "f", func(t *testing.T, c *client, s talk) {
							until(s, verb, n)
							s.say(exchange[n][1][:cut])
							synctest.Wait()
							leave(s)
							status, _ := c.wait()
							require.NotZero(t, status)
							output, found := strings.CutPrefix(c.out.String(), printed(verb, n)+"error: ")
							require.True(t, found, "%d %d %q", n, cut, c.out.String())
							require.NotContains(t, output, "Complete")
							require.Equal(t, "old", read(t, dir, "f"))
							require.Equal(t, []string{"f"}, names(t, dir))
						})
					}
				}
			})
		}
	}
}

// TestClientWrongWords has a server that says something else.
func TestClientWrongWords(t *testing.T) {
	for verb, exchange := range served {
		for n := range exchange {
			if verb == "GET" && n > 1 {
				continue
			}
			for _, wrong := range []string{"ready", "ok", "NO", "\x00", "HTTP/1.1 200 OK"} {
				dir := t.TempDir()
				write(t, dir, "f", "old")
				withClient(t, dir, verb, "f", func(t *testing.T, c *client, s talk) {
					until(s, verb, n)
					s.say(wrong)
					s.ends()
					status, took := c.wait()
					require.NotZero(t, status)
					require.Zero(t, took)
					require.Contains(t, c.out.String(), "error: waiting for ")
					require.Contains(t, c.out.String(), "erroneous token")
				})
			}
		}
	}
}

// TestClientFileWhileItRuns makes a folder of the name while the file arrives.
func TestClientFileWhileItRuns(t *testing.T) {
	dir := t.TempDir()
	withClient(t, dir, "GET", "f", func(t *testing.T, c *client, s talk) {
		until(s, "GET", 3)
		mkdir(t, dir, "f")
		s.say("dataDONE")
		c.fails(t, "client receiving file f (4 bytes)\nclient error: unable to create file f\n")
		require.Equal(t, []string{"f"}, names(t, dir))
	})
}

func TestClientEndsWithItsContext(t *testing.T) {
	for n := range served["GET"] {
		dir := t.TempDir()
		synctest.Test(t, func(t *testing.T) {
			network := memnet.New()
			l, err := network.Host("harness").Listen("tcp", serverAddress)
			require.NoError(t, err)
			ctx, stop := context.WithCancel(t.Context())
			c := startClient(ctx, network.Host("client"), dir, "localhost", "5000", "GET", "f")
			conn, err := l.Accept()
			require.NoError(t, err)
			defer conn.Close()
			until(talk{conn.(*memnet.Conn), t}, "GET", n)
			synctest.Wait()
			stop()
			status, took := c.wait()
			require.NotZero(t, status)
			require.Zero(t, took)
			require.Empty(t, names(t, dir))
		})
	}
}

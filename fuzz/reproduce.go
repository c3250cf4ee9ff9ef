package fuzz

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// python gives a program in Python, with the standard library alone, that plays
// the finding against a server that runs already: for whoever wants to see it
// without netproctor, in a debugger for instance.
func (x *Finding) python() string {
	var b strings.Builder
	fmt.Fprintf(&b, `#!/usr/bin/env python3
"""%s: %s

Start the server afresh, then: python3 %s.py PORT [HOST]
Ends with status 1 if the server is still wrong.
"""
import socket
import sys
import time

if not 2 <= len(sys.argv) <= 3:
    sys.exit(__doc__)
ADDRESS = (sys.argv[2] if len(sys.argv) == 3 else "127.0.0.1", int(sys.argv[1]))

# What each connection sends before it closes its sending side.
VISITS = [
`, x.ID, oneLine(x.Signature), x.ID)
	for i := 0; i < len(x.Sends); {
		n := 1 // the same again is written once
		for i+n < len(x.Sends) && x.Sends[i+n] == x.Sends[i] {
			n++
		}
		times := ""
		if n > 1 {
			times = " * " + strconv.Itoa(n)
		}
		fmt.Fprintf(&b, "    *[bytes.fromhex(%q)]%s,\n", x.Sends[i], times)
		i += n
	}
	b.WriteString("]\n\n# How the first stops in the middle: after so many bytes, for so long if it goes on,\n# and by when the server must have dropped it if not.\n")
	switch {
	case x.Gap == nil:
		b.WriteString("STOP = None\n")
	case x.Gap.Resumes:
		fmt.Fprintf(&b, "STOP = %d, %g, None\n", x.Gap.Cut, x.Gap.Paused.Seconds())
	default:
		fmt.Fprintf(&b, "STOP = %d, None, %g\n", x.Gap.Cut, x.Gap.Patient.Seconds())
	}
	b.WriteString("\n# What may be answered to the " + x.judged())
	if x.allowed == nil {
		b.WriteString(": nobody knows.\nALLOWED = None\n")
	} else {
		b.WriteString(".\nALLOWED = [\n")
		for _, a := range x.allowed {
			fmt.Fprintf(&b, "    bytes.fromhex(\"%x\"),\n", a)
		}
		b.WriteString("]\n")
	}
	b.WriteString(`

def visit(data, stop=None):
    """Send, half-close, and read the answer; tell whether a reset cut it."""
    with socket.create_connection(ADDRESS, timeout=3) as s:
        answer = b""
        try:
            if stop:
                s.sendall(data[:stop[0]])
                time.sleep(stop[1] or 0)
                data = data[stop[0]:]
            if stop and stop[1] is None:
                s.settimeout(stop[2])
            else:
                s.sendall(data)
                s.shutdown(socket.SHUT_WR)
            while part := s.recv(65536):
                answer += part
        except TimeoutError:
            raise
        except OSError as e:
            print("   reset:", e)
            return answer, True
        return answer, False


try:
    for data in VISITS:
        print("->", data[:40], f"({len(data)} bytes)")
        answer, cut = visit(data, STOP)
        print("<-", answer[:40], f"({len(answer)} bytes)")
        if STOP:
            break
    if ALLOWED is not None and not any(answer == a or cut and a.startswith(answer) for a in ALLOWED):
        sys.exit(f"wrong: wanted one of {[a[:40] for a in ALLOWED]}")
    with socket.create_connection(ADDRESS, timeout=3):
        pass
except TimeoutError:
    sys.exit("wrong: no answer, or no end of the connection, in time")
except ConnectionRefusedError:
    sys.exit("wrong: the server is gone")
print("right")
`)
	return b.String()
}

// judged is which visit the allowed answers are to.
func (x *Finding) judged() string {
	if x.Gap != nil {
		return "first of them"
	}
	return "last of them"
}

// oneLine keeps text within a line of a Python string.
func oneLine(s string) string {
	return strings.NewReplacer("\n", " ", `\`, `\\`, `"""`, "'''").Replace(s)
}

// seed gives what is sent last, or what was changed, as an entry of a corpus of go test -fuzz.
func (x *Finding) seed() string {
	message := []byte(nil)
	if x.trial != nil && x.trial.mutant != nil {
		message = x.trial.mutant.message
	} else if x.trial != nil {
		message, _ = hex.DecodeString(x.Sends[len(x.Sends)-1])
	} else if n := len(x.history); n > 0 {
		message = x.history[n-1]
	}
	return fmt.Sprintf("go test fuzz v1\n[]byte(%q)\n", message)
}

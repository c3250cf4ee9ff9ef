package conformance_test

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"netproctor/conformance"
)

// tiny is a protocol of one record and one requirement.
const tiny = `
protocol(title = "tiny", source = "a test",
    server = program(files = ["server.py"], args = ["{port}"]),
)
Ping = record("Ping", u16("magic", const = 0x0102), u8("len", size_of = "name", min = 1), text("name"))
requirement("server.ping", "must", "§1", "answers")
`

// covered is a suite for tiny.
const covered = `
load("protocol.star", "Ping")
scenario(id = "server/ping/one", covers = ["server.ping"], why = "it must answer",
    steps = [start(), connect(), send(Ping(name = "x")), expect_close()])
`

func load(protocol, suite string, o conformance.LoadOptions) (*conformance.Protocol, error) {
	return conformance.Load(fstest.MapFS{
		"tiny/protocol.star": {Data: []byte(protocol)},
		"tiny/server.star":   {Data: []byte(suite)},
	}, "tiny", o)
}

func TestLoad(t *testing.T) {
	p, err := load(tiny, covered, conformance.LoadOptions{})
	require.NoError(t, err)
	require.Equal(t, "tiny", p.Name)
	require.Len(t, p.Requirements, 1)
	s, known := p.Scenario("server/ping/one")
	require.True(t, known)
	require.Equal(t, "tiny/server.star:3", s.Pos)
	require.Equal(t, []string{"server.ping"}, s.Covers)
	require.Len(t, s.Steps, 4)
}

func TestLoadErrors(t *testing.T) {
	for _, c := range []struct {
		name, protocol, suite, want string
		set                         map[string]string
	}{
		{name: "a word misspelt", suite: `x = conect()`, want: "tiny/server.star:1:5: undefined: conect (did you mean \"connect\"?)"},
		{name: "an argument misspelt", suite: covered + "\nx = pause('1s', atmost = '2s')", want: `tiny/server.star:6:10: pause: unexpected keyword argument "atmost" (did you mean "at_most"?)`},
		{name: "no syntax", suite: "scenario(\n  id = ,", want: `tiny/server.star:2:8: got ',', want primary expression`},
		{name: "a field misspelt", suite: covered + "\nPing(nam = 'x')", want: `tiny/server.star:6:5: Ping has no field "nam" (did you mean "name"?)`},
		{name: "a number that does not fit", suite: covered + "\nPing(len = -1)", want: `tiny/server.star:6:5: Ping.len: wanted an integer of 64 bits, got -1`},
		{name: "a duration that is none", suite: covered + "\npause('1 second')", want: `tiny/server.star:6:6: pause: for parameter duration: wanted a duration such as "500ms", got "1 second"`},
		{name: "two with one id", suite: covered + covered[len("\nload(\"protocol.star\", \"Ping\")"):], want: `tiny/server.star:6:9: scenario server/ping/one is declared twice, first at tiny/server.star:3`},
		{name: "an unknown requirement", suite: covered + `
scenario(id = "server/ping/two", covers = ["server.pign"], why = "w", steps = [start()])`, want: `tiny/server.star:6: scenario server/ping/two covers "server.pign", which is no requirement (did you mean "server.ping"?)`},
		{name: "a requirement without a scenario", suite: "", want: `tiny/protocol.star: 1 requirement without a scenario: server.ping`},
		{name: "an id without a subject", suite: `scenario(id = "server/ping", covers = ["server.ping"], why = "w", steps = [start()])`, want: `tiny/server.star:1:9: scenario server/ping: an id is role/subject/what, such as server/magic/swapped`},
		{name: "a step that is none", suite: `scenario(id = "server/ping/x", covers = ["server.ping"], why = "w", steps = ["start"])`, want: `tiny/server.star:1:9: scenario server/ping/x: steps: wanted steps, got string`},
		{name: "an unknown param", suite: covered, set: map[string]string{"GAP": "2"}, want: `--set GAP: tiny has no such param`},
		{name: "files in a circle", suite: `load("server.star", "x")`, want: `tiny/server.star:1:1: cannot load server.star: load("server.star"): the files load each other in a circle`},
		{name: "an unknown level", protocol: tiny + `requirement("server.x", "shall", "", "")`, want: `tiny/protocol.star:7:12: requirement server.x: level wants "must", "should" or "may", got "shall"`},
		{name: "a field that nothing sizes", protocol: tiny + `X = record("X", text("name"))`, want: `tiny/protocol.star:7:11: `},
		{name: "an endless loop", suite: "def f():\n    for i in range(100000000):\n        pass\nf()", want: `too many steps`},
	} {
		t.Run(c.name, func(t *testing.T) {
			protocol := c.protocol
			if protocol == "" {
				protocol = tiny
			}
			_, err := load(protocol, c.suite, conformance.LoadOptions{Set: c.set})
			require.ErrorContains(t, err, c.want)
			require.NotContains(t, err.Error(), "Traceback")
		})
	}
}

func TestLoadUnknownProtocol(t *testing.T) {
	_, err := conformance.Load(fstest.MapFS{"mailbox/protocol.star": {}}, "mailbx", conformance.LoadOptions{})
	require.ErrorIs(t, err, conformance.ErrNoProtocol)
	require.ErrorContains(t, err, `"mailbx" (did you mean "mailbox"?); there are `)
}

func TestParams(t *testing.T) {
	const with = tiny + `
LIMIT = param("LIMIT", 7, doc = "a limit")
TEAM = param("TEAM")
requirement("server.team", "must", "", "knows its team")
`
	const suite = covered + `
load("protocol.star", "LIMIT", "TEAM")
scenario(id = "server/team/known", covers = ["server.team"], why = "w", params = ["TEAM"], steps = [start(), pause("%dms" % LIMIT)])
`
	p, err := load(with, suite, conformance.LoadOptions{})
	require.NoError(t, err)
	s, _ := p.Scenario("server/team/known")
	require.Equal(t, "param TEAM is not set: --set TEAM=…", s.Skip)
	require.Equal(t, `pause("7ms")`, conformance.Source(s.Steps[1]))

	p, err = load(with, suite, conformance.LoadOptions{Set: map[string]string{"TEAM": "red", "LIMIT": "0x10"}})
	require.NoError(t, err)
	s, _ = p.Scenario("server/team/known")
	require.Empty(t, s.Skip)
	require.Equal(t, `pause("16ms")`, conformance.Source(s.Steps[1]))

	_, err = load(with, suite, conformance.LoadOptions{Set: map[string]string{"LIMIT": "many"}})
	require.ErrorContains(t, err, `param LIMIT wants a number, got "many"`)
}

package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"netproctor/fuzz"
)

// verbWord as the first argument makes the test binary netproctor itself.
const verbWord = "run-verb"

// TestFindingsSurviveKill kills a campaign as soon as it has written something,
// and reads what it has found.
func TestFindingsSurviveKill(t *testing.T) {
	self, err := os.Executable()
	require.NoError(t, err)
	out := t.TempDir()
	wrong := strings.Join([]string{self, programWord, "chat", "client-unable-silent"}, " ")
	campaign := exec.Command(self, verbWord, "fuzz", "chat", "--client", wrong, "--for", patiently.String(), "--seed", "1", "--out", out)
	require.NoError(t, campaign.Start())
	defer func() { _ = campaign.Wait() }()
	defer func() { _ = campaign.Process.Kill() }()
	var found []*fuzz.Finding
	for began := time.Now(); len(found) == 0; time.Sleep(10 * time.Millisecond) {
		require.Less(t, time.Since(began), patiently, "nothing was found")
		found, _ = fuzz.Read(out)
	}
	require.NoError(t, campaign.Process.Kill())
	require.Error(t, campaign.Wait())
	found, err = fuzz.Read(out)
	require.NoError(t, err)
	require.NotEmpty(t, found)
	for _, x := range found {
		require.GreaterOrEqual(t, x.Verified, 2)
		require.FileExists(t, out+"/"+x.Scenario)
	}
}

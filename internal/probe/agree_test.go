package probe

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"netproctor/internal/probe/counting"
)

// TestAgree holds what is compiled into programs against who reads it.
func TestAgree(t *testing.T) {
	require.Equal(t, counting.Most, countingMost)
	require.Equal(t, counting.Steps, countingSteps)
	require.Contains(t, string(cRuntime), fmt.Sprintf("STEPS = %d, NEAR_FROM = %d }", countingSteps, nearFrom))
	require.Contains(t, string(cRuntime), fmt.Sprintf("%q", "../"+mapName))
	require.Contains(t, string(countingSource), fmt.Sprintf("%q", "../"+mapName))
}

package mailbox_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"netproctor/reference/mailbox"
)

func TestStoreLimits(t *testing.T) {
	tests := map[int][]struct {
		items int
		more  bool
	}{
		0:   {{0, false}},
		1:   {{1, false}, {0, false}},
		254: {{254, false}, {0, false}},
		255: {{255, false}, {0, false}},
		256: {{255, true}, {1, false}, {0, false}},
		600: {{255, true}, {255, true}, {90, false}, {0, false}},
	}
	for stored, takes := range tests {
		t.Run(fmt.Sprint(stored), func(t *testing.T) {
			s := mailbox.NewStore()
			for i := range stored {
				s.Append("bob", mailbox.Message{Sender: "alice", Text: fmt.Sprint(i)})
			}
			next := 0
			for _, want := range takes {
				items, more := s.Take("bob")
				require.Len(t, items, want.items)
				require.Equal(t, want.more, more)
				for _, m := range items {
					require.Equal(t, fmt.Sprint(next), m.Text)
					next++
				}
			}
		})
	}
}

// TestStoreAgainstModel does the same to a store and to the model.
func TestStoreAgainstModel(t *testing.T) {
	users := []string{"a", "A", "a ", "ab", "é"}
	rapid.Check(t, func(t *rapid.T) {
		store, model, stored := mailbox.NewStore(), mailbox.Model{}, 0
		t.Repeat(map[string]func(*rapid.T){
			"create": func(t *rapid.T) {
				user := rapid.SampledFrom(users).Draw(t, "user")
				for range rapid.SampledFrom([]int{1, 2, 254, 255, 256}).Draw(t, "how many") {
					stored++
					m := mailbox.Message{Sender: "s", Text: fmt.Sprint(stored)}
					store.Append(user, m)
					model = model.Create(user, m)
				}
			},
			"read": func(t *rapid.T) {
				user := rapid.SampledFrom(users).Draw(t, "user")
				items, more := store.Take(user)
				want, next := model.Read(user)
				require.Equal(t, len(want.Items), len(items))
				for i := range items {
					require.Equal(t, want.Items[i], items[i])
				}
				require.Equal(t, want.More, more)
				model = next
			},
		})
	})
}

func TestModelApply(t *testing.T) {
	var m mailbox.Model
	create := m.Apply(goldenCreate)
	require.Len(t, create, 1)
	require.Empty(t, create[0].Answer)

	readBob := (&mailbox.MessageRequest{ID: mailbox.Read, Name: "bob"}).Append(nil)
	read := create[0].Next.Apply(readBob)
	require.Len(t, read, 1)
	got, err := mailbox.ParseMessageResponse(read[0].Answer)
	require.NoError(t, err)
	require.Equal(t, []mailbox.Message{{Sender: "alice", Text: "héllo"}}, got.Items)
	require.Equal(t, goldenEmpty, read[0].Next.Apply(readBob)[0].Answer)
	require.Equal(t, read, create[0].Next.Apply(readBob), "a model is not changed by what is asked of it")

	for n := range goldenCreate {
		cut := m.Apply(goldenCreate[:n])
		require.Equal(t, []mailbox.Outcome{{Next: m}}, cut)
	}
	extra := create[0].Next.Apply(append(readBob, 'x'))
	require.Len(t, extra, 2, "erroneous, or answered")
	require.Empty(t, extra[0].Answer)
	require.Equal(t, read[0].Answer, extra[1].Answer)
}

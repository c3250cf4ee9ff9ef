package conformance

// An Item is what a run plays: a scenario in one delivery.
type Item struct {
	ID       string
	Delivery Delivery
	Covers   []string
}

// Items lists what a run with these patterns plays of a role's suite.
func Items(p *Protocol, role string, only []string) (list []Item) {
	for _, it := range plan(p, Graded{Role: role}, only) {
		list = append(list, Item{it.id(), it.delivery, it.covers})
	}
	return list
}

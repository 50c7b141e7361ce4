package report

// Graph tells how what was found hangs together: problem, package, module,
// route step, variable, origin, change and cure. It has no cycles, and no more
// than some hundred nodes: many problems of one cause are one node.
type Graph struct {
	Nodes []GraphNode `json:"nodes"`
	Edges []GraphEdge `json:"edges"`
}

// GraphNode is one thing that a cause is made of. Its id is the same in every
// report that has the thing.
type GraphNode struct {
	ID         string    `json:"id"`
	Kind       string    `json:"kind"`
	Label      string    `json:"label"`  // on one line
	Detail     string    `json:"detail"` // "" if there is nothing to add
	Location   *Location `json:"location"`
	ContextIDs []string  `json:"contextIds"`
}

// GraphEdge leads from an effect to its cause. Label reads between the two.
type GraphEdge struct {
	From  string `json:"from"`
	To    string `json:"to"`
	Label string `json:"label"`
}

// Explanation is what "gophantom why" answers about one problem, finding,
// variable, module or package.
type Explanation struct {
	About      string      `json:"about"`      // what was asked for; "" for the worst
	Subject    *GraphNode  `json:"subject"`    // what is explained; null if nothing is wrong
	Verdict    string      `json:"verdict"`    // of a problem; "" for the rest
	Severity   string      `json:"severity"`   // of a finding; "" for the rest
	Chain      []Link      `json:"chain"`      // from the subject back to its causes, depth first
	Cures      []GraphNode `json:"cures"`      // in the order of the ladder
	Affected   []GraphNode `json:"affected"`   // problems and findings that it has a part in
	Shared     []GraphNode `json:"shared"`     // other problems and findings of the same cause
	Others     []GraphNode `json:"others"`     // what else the words could mean
	Confidence *Confidence `json:"confidence"` // of a phantom; null for the rest
	Suspects   []Changed   `json:"suspects"`   // of a problem or finding: what may be at fault, the likeliest first
	Graph      Graph       `json:"graph"`      // all of these, and what lies between
	Unknown    []Unknown   `json:"unknown"`
	Snapshot   Snapshot    `json:"snapshot"`
}

// Link is one cause in a chain.
type Link struct {
	Depth int       `json:"depth"` // edges from the subject; 0 is the subject itself
	Label string    `json:"label"` // of the edge from the effect; "" for the subject
	Node  GraphNode `json:"node"`
}

// Confidence is how sure a cause is, from 0 to 100: the sum of what speaks for
// it and against it.
type Confidence struct {
	Percent       int            `json:"percent"`
	Contributions []Contribution `json:"contributions"`
}

// Contribution is one reason to believe a cause, or not to.
type Contribution struct {
	Mechanism string `json:"mechanism"` // "trace", "baseline" or "context"
	Name      string `json:"name"`
	Weight    int    `json:"weight"` // 0: it could not be looked at
	Why       string `json:"why"`
}

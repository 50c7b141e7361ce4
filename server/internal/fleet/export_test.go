package fleet

// Document is the request for counts of a machine, for tests that play many.
var Document = document

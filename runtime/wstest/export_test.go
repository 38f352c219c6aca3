package wstest

// RunMain is Main without its end.
var RunMain = run

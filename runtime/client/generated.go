package wsclient

// GeneratedV1 is named by generated clients: where it is missing, file and runtime
// differ in version.
const GeneratedV1 = true

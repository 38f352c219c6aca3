// Package proxies starts the proxies of docs/guide/production.md with the
// configurations that the page shows, and looks at what becomes of a gateway behind
// them. It has tests only.
package proxies

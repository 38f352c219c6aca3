// Package packed tests wsgen as a user gets it: the tree packed as a module,
// served by a proxy that is a folder, and the lines of the README and of the
// guide carried out to the letter in an empty folder. It has tests only.
package packed

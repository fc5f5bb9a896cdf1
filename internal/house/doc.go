// Package house holds the house rules as tests: who may import whom, that every
// check has its story, that hiding an answer never acquits, that no secret comes
// out, that hostile text stays inert, that the same tape gives the same bytes.
package house

// A service of one answer, with a dependency from the module proxy.
package main

import (
	"fmt"
	"net/http"

	"github.com/google/uuid"
)

func main() {
	id := uuid.New()
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "hello from go %s\n", id)
	})
	panic(http.ListenAndServe(":8080", nil))
}

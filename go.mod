module assay

go 1.26

require (
	github.com/jstemmer/go-junit-report v1.0.0 // indirect
	github.com/miekg/dns v1.1.73 // indirect
	github.com/nginxinc/nginx-go-crossplane v0.4.89
	golang.org/x/mod v0.38.0 // indirect
	golang.org/x/net v0.57.0 // indirect
	golang.org/x/sync v0.22.0 // indirect
	golang.org/x/sys v0.47.0 // indirect
	golang.org/x/tools v0.48.0 // indirect
	pgregory.net/rapid v1.3.0 // indirect
)

package model

import (
	"slices"

	"assay/internal/tape"
)

// Tracers are packages that bring numbers and traces elsewhere by themselves;
// Reporters those that report exceptions.
var (
	Tracers = []string{"opentelemetry.sdk.metrics", "opentelemetry.sdk.trace", "newrelic", "ddtrace", "elasticapm", "scout_apm", "appsignal", "statsd", "datadog", "azure.monitor.opentelemetry",
		"opencensus", "logfire", "skywalking", "instana", "dynatrace", "aws_xray_sdk", "flask_monitoringdashboard"}
	Reporters = []string{"sentry_sdk", "raven", "rollbar", "bugsnag", "honeybadger", "pybrake", "airbrake", "raygun4py", "appsignal", "newrelic", "ddtrace", "elasticapm", "scout_apm",
		"opentelemetry.sdk.trace", "azure.monitor.opentelemetry", "logfire", "skywalking", "instana", "dynatrace"}
)

// Watched is the first of some packages that the app imported and that has
// somewhere to send to, "" for none.
func (a *App) Watched(names ...string) string {
	for _, w := range a.Watchers {
		if w.On && slices.Contains(names, w.Name) {
			return w.Name
		}
	}
	return ""
}

// Imports says that the app imported one of the packages that are looked for.
func (a *App) Imports(name string) bool {
	return slices.ContainsFunc(a.Watchers, func(w tape.Watcher) bool { return w.Name == name })
}

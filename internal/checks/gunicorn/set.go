package gunicorn

import (
	"assay/internal/check"
	"assay/internal/plan"
)

func withSteps(r check.Remedy, steps []plan.Step) check.Remedy {
	r.Steps = steps
	return r
}

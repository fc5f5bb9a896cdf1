package lab

import "context"

// reloads makes a script wait until a reload of nginx is over: it is only asked
// for, and for some milliseconds the old workers go on taking connections
// (nginx.org, "Controlling nginx"). A reload that nginx refuses is not waited for.
const reloads = `
reloaded() {
  local old=$1 pid i
  for i in $(seq 40); do
    for pid in $old; do
      if grep -q 'nginx: worker process.$' <(tr '\0' ' ' </proc/$pid/cmdline 2>/dev/null | sed 's/ *$/./'); then sleep 0.05; continue 2; fi
    done
    return 0
  done
  return 0
}
nginx() {
  local old=$(pgrep -f '^nginx: worker process$' || true)
  command nginx "$@" || return
  case "$*" in *reload*) reloaded "$old" ;; esac
}
systemctl() {
  local old=$(pgrep -f '^nginx: worker process$' || true)
  command systemctl "$@" || return
  case "$*" in *reload*nginx*) reloaded "$old" ;; esac
}
`

// Break runs a script that changes the host, as Run does, and returns when what
// it asked nginx for is so.
func (h *Host) Break(ctx context.Context, script string) (string, error) {
	return h.Run(ctx, reloads+script)
}
